import type { CoreRequest, CoreResult, CoreRun, LLMCore } from '../../kernel/cores/core.js';
import type { CoreInfo } from '../../syscalls/cores.js';

/** A request that a scripted core has been given, for the test to answer. */
export class ScriptedRequest {
  readonly request: CoreRequest;
  readonly signal: AbortSignal;
  readonly #run: CoreRun;
  readonly #resolve: (result: CoreResult) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    request: CoreRequest,
    run: CoreRun,
    resolve: (result: CoreResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.signal = run.signal;
    this.#run = run;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  say(text: string, tokens = 1): this {
    this.#run.onChunk({ text, tokens });
    return this;
  }

  /** A piece of a tool call. */
  call(id: string, name: string, piece: string): this {
    this.#run.onChunk({ text: '', tokens: 1, toolCall: { id, name, arguments: piece } });
    return this;
  }

  finish(result: Partial<CoreResult> = {}): void {
    const usage = { inputTokens: 10, outputTokens: 1 };
    this.#resolve({ toolCalls: [], finishReason: 'stop', usage, costUsd: 0.001, ...result });
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** A core whose every answer the test gives itself. An abort closes the request only when the test says so, or at once with `closeOnAbort`. */
export class ScriptedCore implements LLMCore {
  readonly info: CoreInfo;
  readonly requests: ScriptedRequest[] = [];
  readonly #closeOnAbort: boolean;
  inFlight = 0;
  mostInFlight = 0;

  constructor(id: string, info: Partial<CoreInfo> = {}, { closeOnAbort = true } = {}) {
    this.#closeOnAbort = closeOnAbort;
    this.info = {
      id,
      kind: 'scripted',
      price: { inputPerMTok: 1, outputPerMTok: 10 },
      contextWindow: 1000,
      cap: 1,
      tools: true,
      responseFormat: true,
      supportsPrefix: true,
      ...info,
    };
  }

  get last(): ScriptedRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error(`Core ${this.info.id} has not been asked`);
    return request;
  }

  async chat(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      return await new Promise((resolve, reject) => {
        this.requests.push(new ScriptedRequest(request, run, resolve, reject));
        if (this.#closeOnAbort) run.signal.addEventListener('abort', () => reject(run.signal.reason), { once: true });
      });
    } finally {
      this.inFlight--;
    }
  }
}
