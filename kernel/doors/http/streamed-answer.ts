import type { ToolCallDelta } from '../../../syscalls/chat-message.js';
import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import type { SyscallId } from '../../../syscalls/syscall.js';
import type { AnswerText, TextPlace } from '../../call-sink.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import { ChunkStream } from '../chunk-stream.js';
import type { Events, Turn } from './dialect.js';
import type { Outflow } from './outflow.js';
import { comment } from './server-events.js';

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Of nginx, which would hold events back.
  'x-accel-buffering': 'no',
} as const;

interface StreamDeps {
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  readonly outflow: Outflow;
  readonly events: Events;
  readonly beat: string;
  /** What is known once there is something to send. */
  readonly turn: () => Turn;
}

/**
 * One answer as server-sent events. Its head waits for the first piece, or for `streamHeadMs`: what fails until then still has a
 * status of its own. Then comments keep it open while nothing comes.
 */
export class StreamedAnswer {
  readonly #deps: StreamDeps;
  readonly #sentCalls = new Set<string>();
  #chunks: ChunkStream | undefined;
  #isStarted = false;
  /** What comes after the text of a whole answer. */
  #tail: (() => string) | undefined;
  #isQuiet = true;
  #cancelTimer: () => void;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    this.#cancelTimer = deps.clock.after(deps.limits().streamHeadMs, () => this.#beat());
  }

  get behind(): number {
    return this.#chunks?.behind ?? 0;
  }

  accepted(id: SyscallId, answer: AnswerText): void {
    const { clock, limits, outflow } = this.#deps;
    const reader = {
      chunk: (chunk: ChatChunk) => this.#send(chunk),
      isSlow: () => outflow.isSlow(),
    };
    this.#chunks = new ChunkStream(id, answer, reader, clock, limits().chunkMs);
  }

  text(piece: string, place: TextPlace): void {
    this.#chunks?.push(piece, place);
  }

  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    this.#chunks?.pushToolCall(piece, place);
  }

  /** The reader has caught up. */
  drained(): void {
    if (this.#tail === undefined) this.#chunks?.flush();
    else this.#finish(this.#tail);
  }

  /** The answer is whole: what the reader has not taken yet goes out as he takes it. */
  end(reply: ChatReply, facts: object): void {
    const { events } = this.#deps;
    this.stop();
    this.#tail = () => {
      const rest = reply.toolCalls.filter(({ id }) => !this.#sentCalls.has(id));
      const toolCalls = rest.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text }));
      const head = this.#begin();
      const calls = toolCalls.length === 0 ? '' : events.chunk({ text: '', toolCalls });
      return head + calls + events.end(reply) + comment(`eccos ${JSON.stringify(facts)}`);
    };
    this.#finish(this.#tail);
  }

  #finish(tail: () => string): void {
    if (this.#chunks?.drain() !== false) this.#deps.outflow.end(tail());
  }

  /** The call has failed. While nothing was sent, nothing is: the failure has a status of its own. */
  fail(error: SyscallError, requestId: string): void {
    const { outflow, events } = this.#deps;
    this.stop();
    this.#chunks?.end(false);
    if (outflow.hasBegun) outflow.end(events.failure(error, requestId));
  }

  /** Nothing more is sent. Idempotent. */
  stop(): void {
    this.#cancelTimer();
  }

  #send(chunk: ChatChunk): void {
    this.#isQuiet = false;
    for (const { id } of chunk.toolCalls ?? []) this.#sentCalls.add(id);
    this.#deps.outflow.say(this.#begin() + this.#deps.events.chunk(chunk));
  }

  /** @returns the events that come before the first piece */
  #begin(): string {
    if (this.#isStarted) return '';
    this.#isStarted = true;
    this.#openHead();
    return this.#deps.events.start(this.#deps.turn());
  }

  #openHead(): void {
    if (!this.#deps.outflow.hasBegun) this.#deps.outflow.begin(200, HEAD);
  }

  #beat(): void {
    const { clock, limits, outflow, beat } = this.#deps;
    this.#openHead();
    if (this.#isQuiet && !outflow.isSlow()) outflow.say(beat);
    this.#isQuiet = true;
    this.#cancelTimer = clock.after(limits().streamBeatMs, () => this.#beat());
  }
}
