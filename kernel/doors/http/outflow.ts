import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Held } from '../../process/held.js';
import { SendQueue, type Wire } from '../send-queue.js';

interface OutflowOptions {
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  /** Counts what waits. */
  readonly held: Held;
  /** Name of the token. */
  readonly owner: string;
  /** As of `SendQueue`. */
  readonly behind: () => number;
  /** The reader has caught up after `isSlow`. */
  readonly onDrained: () => void;
}

/** One response on its way out: a reader that does not keep up is waited for, and then cut off. */
export class Outflow implements Wire {
  readonly #response: ServerResponse;
  readonly #options: OutflowOptions;
  readonly #queue: SendQueue;
  #isEnding = false;
  /** Of the reader's time for the last bytes. */
  #cancelTimer: (() => void) | undefined;

  constructor(response: ServerResponse, options: OutflowOptions) {
    this.#response = response;
    this.#options = options;
    const { clock, limits, held, owner, behind } = options;
    this.#queue = new SendQueue({
      ...{ clock, limits, held, owner, behind, wire: this },
      onSlow: () => {},
      onDrained: () => {
        if (!this.#isEnding) options.onDrained();
      },
      onStopped: () => response.destroy(),
    });
    response.once('close', () => {
      this.#queue.close();
      this.#cancelTimer?.();
    });
  }

  /** Whether an answer can no longer have a status of its own. */
  get hasBegun(): boolean {
    return this.#response.headersSent || this.#response.destroyed;
  }

  get buffered(): number {
    return this.#response.writableLength;
  }

  isSlow(): boolean {
    return this.#queue.isSlow;
  }

  /** Adds a header to those of `begin`, if it is not too late. */
  header(name: string, value: string): void {
    if (!this.hasBegun) this.#response.setHeader(name, value);
  }

  begin(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, headers);
  }

  /** Sends a text that is to be followed by more. */
  say(text: string): void {
    if (!this.#response.destroyed) this.#queue.send(text);
  }

  /** The response is whole: for its last bytes its reader has `slowReaderMs`. */
  end(text: string): void {
    if (this.#response.destroyed) return;
    this.#isEnding = true;
    this.#queue.send(text);
  }

  write(piece: string, _isLast: boolean, written: () => void): void {
    const { clock, limits } = this.#options;
    if (!this.#isEnding || !this.#queue.isEmpty) {
      this.#response.write(piece, written);
      return;
    }
    this.#response.end(piece, written);
    this.#cancelTimer = clock.after(limits().slowReaderMs, () => this.#response.destroy());
  }

  /** Sends a JSON body and ends. */
  json(status: number, body: object, headers: OutgoingHttpHeaders = {}): void {
    const text = JSON.stringify(body);
    const length = Buffer.byteLength(text);
    this.begin(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    this.end(text);
  }

  /** Ends a response that has begun and cannot be made whole. */
  cut(): void {
    if (!this.#response.writableEnded) this.#response.destroy();
  }
}
