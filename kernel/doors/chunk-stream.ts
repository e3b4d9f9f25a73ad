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
 * The text of one streamed answer on its way to the agent: the first piece at once, later ones gathered for some
 * milliseconds, since each message costs far more than a token. Holds back while the reader is slow.
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
  #restart = false;
  #cancelTimer: (() => void) | undefined;

  constructor(syscallId: SyscallId, reader: ChunkReader, clock: Clock, gatherMs: Millis) {
    this.#syscallId = syscallId;
    this.#reader = reader;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
  }

  push(text: string, place: TextPlace): void {
    if (this.#text === '') this.#place = place;
    this.#text += text;
    if (this.#cancelTimer === undefined) this.#send();
  }

  /** The answer starts again: what was sent is void. */
  restart(): void {
    this.#text = '';
    this.#restart = this.#seq > 0;
  }

  /** Sends what is held, unless the reader is still slow. */
  flush(): void {
    if (this.#text !== '' && this.#cancelTimer === undefined) this.#send();
  }

  /** The call ends. Of a whole answer the rest goes out now, before the reply; of any other nothing comes any more. */
  end(isWhole: boolean): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // A slow reader gets the rest with the reply, which holds the whole text anyway.
    if (isWhole && this.#text !== '' && !this.#reader.isSlow()) this.#emit();
    this.#text = '';
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
    const chunk = { syscallId: this.#syscallId, seq: this.#seq++, ...this.#place, text: this.#text };
    this.#text = '';
    this.#reader.chunk(this.#restart ? { ...chunk, restart: true } : chunk);
    this.#restart = false;
  }
}
