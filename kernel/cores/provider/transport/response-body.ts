import type { IncomingMessage } from 'node:http';
import { tooLong } from './content-coding.js';

interface Ends {
  readonly maxBytes: number;
  /** Why the request was given up; undefined while it is wanted. */
  readonly givenUp: () => unknown;
  readonly hangUp: (reason: unknown) => void;
  /** Settles when the request is closed on both sides. */
  readonly closed: Promise<void>;
}

interface Reader {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

/**
 * The bytes of a response, for one reader. Those that come after the request was given up are read and thrown away, so that its end is
 * seen; a reader that stops gives it up.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #response: IncomingMessage;
  readonly #ends: Ends;
  #pieces: Uint8Array[] = [];
  #reader: Reader | undefined;
  #isClosed = false;
  #failure: unknown;
  #seen = 0;

  constructor(response: IncomingMessage, ends: Ends) {
    this.#response = response;
    this.#ends = ends;
    response.on('data', (bytes: Buffer) => this.#take(bytes));
    response.once('error', (error) => {
      this.#failure = error;
    });
    response.once('close', () => this.#close());
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#pieces.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isClosed) return Promise.resolve(DONE);
    this.#response.resume();
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async return(): Promise<typeof DONE> {
    if (!this.#isClosed) {
      this.#ends.hangUp(undefined);
      await this.#ends.closed;
    }
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(bytes: Buffer): void {
    const { givenUp, hangUp, maxBytes } = this.#ends;
    if (givenUp() !== undefined) return;
    this.#seen += bytes.byteLength;
    if (this.#seen > maxBytes) {
      hangUp(tooLong(maxBytes));
      return;
    }
    const reader = this.#reader;
    if (reader === undefined) {
      this.#pieces.push(bytes);
      this.#response.pause();
    } else {
      this.#reader = undefined;
      reader.resolve({ done: false, value: bytes });
    }
  }

  #close(): void {
    this.#isClosed = true;
    this.#failure = this.#ends.givenUp() ?? this.#failure;
    if (this.#failure !== undefined) this.#pieces = [];
    if (this.#reader === undefined) return;
    if (this.#failure === undefined) this.#reader.resolve(DONE);
    else this.#reader.reject(this.#failure);
  }
}
