import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { ChatChunk } from '../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { TextPlace } from '../call-sink.js';
import type { Clock } from '../clock.js';

/** Who reads a stream. */
export interface ChunkReader {
  chunk(chunk: ChatChunk): void;
  /** The reader does not keep up: text is held back until `flush`. */
  isSlow(): boolean;
}

/**
 * One streamed answer on its way to the agent: the first piece at once, later ones gathered for some milliseconds, since each
 * message costs far more than a token. Holds back while the reader is slow.
 */
export class ChunkStream {
  readonly #syscallId: SyscallId;
  readonly #reader: ChunkReader;
  readonly #clock: Clock;
  readonly #gatherMs: Millis;
  #seq = 0;
  #text = '';
  /** Where the text belongs. */
  #place: TextPlace = { attempt: 1, offset: 0 };
  /** They come after the text. */
  #toolCalls: ToolCallDelta[] = [];
  #restart = false;
  #cancelTimer: (() => void) | undefined;

  constructor(syscallId: SyscallId, reader: ChunkReader, clock: Clock, gatherMs: Millis) {
    this.#syscallId = syscallId;
    this.#reader = reader;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
  }

  push(text: string, place: TextPlace): void {
    // Text after a tool call comes in a chunk of its own, so that the order stays; of a slow reader nobody knows it.
    if (this.#toolCalls.length > 0 && !this.#reader.isSlow()) this.#emit();
    if (!this.#holds) this.#place = place;
    this.#text += text;
    if (this.#cancelTimer === undefined) this.#send();
  }

  pushToolCall(piece: ToolCallDelta, place: TextPlace): void {
    if (!this.#holds) this.#place = place;
    const last = this.#toolCalls.at(-1);
    if (last?.id !== piece.id) this.#toolCalls.push(piece);
    else this.#toolCalls.splice(-1, 1, { ...last, arguments: last.arguments + piece.arguments });
    if (this.#cancelTimer === undefined) this.#send();
  }

  /** The answer starts again: what was sent is void. */
  restart(): void {
    this.#forget();
    this.#restart = this.#seq > 0;
  }

  /** Sends what is held, unless the reader is still slow. */
  flush(): void {
    if (this.#holds && this.#cancelTimer === undefined) this.#send();
  }

  /** The call ends. Of a whole answer the rest goes out now, before the reply; of any other nothing comes any more. */
  end(isWhole: boolean): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // A slow reader gets the rest with the reply, which holds the whole text anyway.
    if (isWhole && this.#holds && !this.#reader.isSlow()) this.#emit();
    this.#forget();
  }

  get #holds(): boolean {
    return this.#text !== '' || this.#toolCalls.length > 0;
  }

  #forget(): void {
    this.#text = '';
    this.#toolCalls = [];
  }

  #send(): void {
    if (this.#reader.isSlow()) return;
    this.#emit();
    this.#cancelTimer = this.#clock.after(this.#gatherMs, () => {
      this.#cancelTimer = undefined;
      this.flush();
    });
  }

  #emit(): void {
    const chunk: ChatChunk = {
      syscallId: this.#syscallId,
      seq: this.#seq++,
      ...this.#place,
      text: this.#text,
      ...(this.#toolCalls.length === 0 ? {} : { toolCalls: this.#toolCalls }),
      ...(this.#restart ? { restart: true } : {}),
    };
    this.#forget();
    this.#restart = false;
    this.#reader.chunk(chunk);
  }
}
