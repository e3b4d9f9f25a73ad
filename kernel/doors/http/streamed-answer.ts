import type { ToolCallDelta } from '../../../syscalls/chat-message.js';
import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import type { SyscallId } from '../../../syscalls/syscall.js';
import type { TextPlace } from '../../call-sink.js';
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
  #isEnding = false;
  #isQuiet = true;
  #cancelTimer: () => void;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    this.#cancelTimer = deps.clock.after(deps.limits().streamHeadMs, () => this.#beat());
  }

  accepted(id: SyscallId): void {
    const { clock, limits, outflow } = this.#deps;
    const reader = {
      chunk: (chunk: ChatChunk) => this.#send(chunk),
      isSlow: () => !this.#isEnding && outflow.isSlow(),
    };
    this.#chunks = new ChunkStream(id, reader, clock, limits().chunkMs);
  }

  text(piece: string, place: TextPlace): void {
    this.#chunks?.push(piece, place);
  }

  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    this.#chunks?.pushToolCall(piece, place);
  }

  /** The reader has caught up. */
  drained(): void {
    this.#chunks?.flush();
  }

  /** The answer is whole. */
  end(reply: ChatReply, facts: object): void {
    const { outflow, events } = this.#deps;
    this.#isEnding = true;
    this.#chunks?.end(true);
    this.stop();
    const rest = reply.toolCalls.filter(({ id }) => !this.#sentCalls.has(id));
    const toolCalls = rest.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text }));
    const head = this.#begin();
    const calls = toolCalls.length === 0 ? '' : events.chunk({ text: '', toolCalls });
    outflow.end(head + calls + events.end(reply) + comment(`eccos ${JSON.stringify(facts)}`));
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
    this.#deps.outflow.write(this.#begin() + this.#deps.events.chunk(chunk));
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
    if (this.#isQuiet && !outflow.isSlow()) outflow.write(beat);
    this.#isQuiet = true;
    this.#cancelTimer = clock.after(limits().streamBeatMs, () => this.#beat());
  }
}
