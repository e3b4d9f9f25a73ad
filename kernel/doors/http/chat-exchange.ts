import type { ToolCallDelta } from '../../../syscalls/chat-message.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../../syscalls/llm-chat.js';
import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import type { AnswerText, CallSink, TextPlace } from '../../call-sink.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Gate } from '../../gate.js';
import type { Json } from '../../json.js';
import type { Caller } from '../../process/caller.js';
import { inputTokensOf } from '../../tokens.js';
import type { Dialect, Turn } from './dialect.js';
import type { Outflow } from './outflow.js';
import { StreamedAnswer } from './streamed-answer.js';

interface ExchangeDeps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  readonly dialect: Dialect;
  readonly outflow: Outflow;
  readonly requestId: string;
}

/** One request for an answer, from its call to the last byte. */
export class ChatExchange implements CallSink {
  readonly #deps: ExchangeDeps;
  readonly #params: Json;
  readonly #body: Json;
  readonly #startedAt: Millis;
  readonly #stream: StreamedAnswer | undefined;
  #id: SyscallId = '';
  #core: CoreId = '';

  /** @param params of `llm.chat` @param body as it came */
  constructor(deps: ExchangeDeps, params: Json, body: Json) {
    const { clock, limits, outflow, dialect } = deps;
    this.#deps = deps;
    this.#params = params;
    this.#body = body;
    this.#startedAt = clock.now();
    if (params['stream'] !== true) return;
    const { beat } = dialect;
    const events = dialect.events(body);
    this.#stream = new StreamedAnswer({ clock, limits, outflow, events, beat, turn: () => this.#turn() });
  }

  /** @throws SyscallError for a call that failed; a stream that has begun has said so */
  async run(caller: Caller, signal: AbortSignal): Promise<void> {
    const { gate, dialect, outflow, requestId } = this.#deps;
    let reply: ChatReply;
    try {
      reply = await gate.call(caller, 'llm.chat', this.#params, { signal, sink: this });
    } catch (thrown) {
      const error = thrown instanceof SyscallError ? thrown : internal(thrown);
      this.#stream?.fail(error, requestId);
      throw error;
    }
    const { syscallId, core, costUsd, reason, attempts } = reply;
    const facts = { syscallId, core, costUsd, reason, attempts, waitMs: waitOf(reply) };
    if (this.#stream !== undefined) {
      this.#stream.end(reply, facts);
      return;
    }
    const { status, body } = dialect.reply(reply, this.#body);
    outflow.json(status, body, {
      'x-eccos-cost-usd': String(costUsd),
      'x-eccos-attempts': String(attempts),
      'x-eccos-wait-ms': String(facts.waitMs),
    });
  }

  /** Characters that are held back from a slow reader. */
  get behind(): number {
    return this.#stream?.behind ?? 0;
  }

  drained(): void {
    this.#stream?.drained();
  }

  accepted(id: SyscallId, answer: AnswerText): void {
    this.#id = id;
    this.#deps.outflow.header('x-eccos-syscall', id);
    this.#stream?.accepted(id, answer);
  }

  started(core: CoreId, reason: string): void {
    const { outflow, clock } = this.#deps;
    this.#core = core;
    outflow.header('x-eccos-core', headerText(core));
    outflow.header('x-eccos-reason', headerText(reason));
    outflow.header('x-eccos-wait-ms', String(Math.round(clock.now() - this.#startedAt)));
  }

  text(piece: string, place: TextPlace): void {
    this.#stream?.text(piece, place);
  }

  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    this.#stream?.toolCall(piece, place);
  }

  /** Nothing was sent: a call whose stream has begun is not started again. */
  restart(): void {}

  #turn(): Turn {
    const params = this.#params as unknown as ChatParams;
    return { id: this.#id, core: this.#core, at: this.#deps.clock.now(), inputTokens: () => inputTokensOf(params) };
  }
}

/** A fault of the kernel: what it is stays in the log. */
export function internal(cause: unknown): SyscallError {
  return new SyscallError('internal', 'The kernel failed to handle this request', { cause });
}

function waitOf({ times: { accepted, started } }: ChatReply): Millis {
  return Math.round(started - accepted);
}

const MOST_HEADER = 256;

/** A text as a header can hold it. */
export function headerText(text: string): string {
  return text.slice(0, MOST_HEADER).replaceAll(/[^\x20-\x7e]/g, '?');
}
