import { SyscallError } from '../../../syscalls/errors.js';
import type { ToolCall } from '../../../syscalls/llm-chat.js';
import type { Clock } from '../../clock.js';
import { textTokens } from '../../tokens.js';
import { type CoreRequest, type CoreResult, type CoreRun, costOf, type LLMCore } from '../core.js';
import { infoOf } from '../core-config.js';
import type { CoreDeps } from '../core-deps.js';
import { Breaker } from './breaker.js';
import type { ProviderConfig } from './provider-config.js';
import { coreError } from './provider-errors.js';
import { providerCall, toolCallOf } from './provider-messages.js';
import { type ProviderModel, type ProviderPart, providerModel } from './provider-models.js';
import { openTransport } from './transport/open-transport.js';
import type { Transport } from './transport/transport.js';
import { Watchdog } from './watchdog.js';

type Finish = Extract<ProviderPart, { type: 'finish' }>;

/** @throws SyscallError `invalid-config` as `openTransport` */
export async function providerCore(config: ProviderConfig, deps: CoreDeps): Promise<LLMCore> {
  const transport = await openTransport(config, deps);
  const model = await providerModel(config, transport.fetch);
  return new ProviderCore(config, deps.clock, model, transport);
}

/** A provider's model through the AI SDK. It never retries: a failed call goes back to the kernel. */
class ProviderCore implements LLMCore {
  readonly info;
  readonly #config: ProviderConfig;
  readonly #clock: Clock;
  readonly #model: ProviderModel;
  readonly #transport: Transport;
  readonly #breaker: Breaker;
  /** Requests that are open, and how to end each. */
  readonly #open = new Map<AbortController, Promise<unknown>>();

  constructor(config: ProviderConfig, clock: Clock, model: ProviderModel, transport: Transport) {
    const { tools, responseFormat, supportsPrefix, breaker } = config;
    this.info = infoOf(config, { tools, responseFormat, supportsPrefix });
    this.#config = config;
    this.#clock = clock;
    this.#model = model;
    this.#transport = transport;
    this.#breaker = new Breaker(clock, breaker);
  }

  chat(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    return this.#breaker.run(() => this.#ask(request, run), run.signal);
  }

  health() {
    return this.#breaker.health();
  }

  async close(): Promise<void> {
    const open = [...this.#open];
    for (const [controller] of open) controller.abort(new SyscallError('core-failed', 'The core is closing'));
    await Promise.allSettled(open.map(([, ended]) => ended));
    this.#transport.close();
  }

  async #ask(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    if (run.signal.aborted) throw run.signal.reason;
    const controller = new AbortController();
    const abort = () => controller.abort(run.signal.reason);
    run.signal.addEventListener('abort', abort, { once: true });
    const watchdog = new Watchdog(this.#clock, this.#config.firstTokenTimeoutMs, (limitMs) => {
      controller.abort(new SyscallError('core-failed', `The provider was silent for ${limitMs} ms`));
    });
    const answer = this.#stream(request, run, controller.signal, watchdog);
    this.#open.set(controller, answer);
    try {
      return await answer;
    } catch (thrown) {
      if (controller.signal.aborted) throw controller.signal.reason;
      throw coreError(thrown, this.#clock.now());
    } finally {
      watchdog.stop();
      run.signal.removeEventListener('abort', abort);
      // Gives the request up where the answer was not read to its end.
      controller.abort();
      await this.#transport.closed(controller.signal);
      this.#open.delete(controller);
    }
  }

  async #stream(
    request: CoreRequest,
    { onChunk }: CoreRun,
    signal: AbortSignal,
    watchdog: Watchdog,
  ): Promise<CoreResult> {
    const { stream } = await this.#model.doStream(providerCall(request, signal));
    const toolCalls: ToolCall[] = [];
    let textTokenCount = 0;
    let finish: Finish | undefined;
    for await (const part of stream) {
      switch (part.type) {
        case 'stream-start':
        case 'response-metadata':
          continue;
        case 'text-delta':
          if (part.delta !== '') {
            const tokens = Math.max(1, textTokens(part.delta));
            textTokenCount += tokens;
            onChunk({ text: part.delta, tokens });
          }
          break;
        case 'tool-call':
          toolCalls.push(toolCallOf(part));
          break;
        case 'error':
          throw part.error;
        case 'finish':
          finish = part;
      }
      watchdog.heard(this.#config.idleTimeoutMs);
    }
    return this.#result(request, toolCalls, textTokenCount, finish);
  }

  #result(
    request: CoreRequest,
    toolCalls: readonly ToolCall[],
    textTokenCount: number,
    finish: Finish | undefined,
  ): CoreResult {
    const hasTools = toolCalls.length > 0;
    const finishReason = finishReasonOf(finish, hasTools);
    const { inputTokens, outputTokens } = finish?.usage ?? {};
    const usage = {
      inputTokens: inputTokens?.total ?? request.inputTokens + request.prefixTokens,
      outputTokens: outputTokens?.total ?? textTokenCount + (hasTools ? textTokens(JSON.stringify(toolCalls)) : 0),
    };
    const isCounted = inputTokens?.total === undefined || outputTokens?.total === undefined;
    const costUsd = costOf(this.#config.price, usage);
    return { toolCalls, finishReason, usage, costUsd, ...(isCounted ? { usageCounted: true } : {}) };
  }
}

/** @throws SyscallError `core-failed` for a stream without the provider's own word on why it ended: it was cut */
function finishReasonOf(finish: Finish | undefined, hasToolCalls: boolean): CoreResult['finishReason'] {
  const { raw, unified = 'error' } = finish?.finishReason ?? {};
  if (raw === undefined || unified === 'error') {
    throw new SyscallError('core-failed', 'The stream of the provider ended without its end mark');
  }
  // Some servers say `stop` after tool calls, or have a word of their own for it.
  if (unified === 'other' || unified === 'stop') return hasToolCalls ? 'tool-calls' : 'stop';
  return unified;
}
