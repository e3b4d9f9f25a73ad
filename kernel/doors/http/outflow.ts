import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';

interface OutflowOptions {
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  /** The reader has caught up after `isSlow`. */
  readonly onDrained: () => void;
}

/** One response on its way out: a reader that does not keep up is waited for, and then cut off. */
export class Outflow {
  readonly #response: ServerResponse;
  readonly #options: OutflowOptions;
  /** Set while something waits for the reader. */
  #cancelTimer: (() => void) | undefined;

  constructor(response: ServerResponse, options: OutflowOptions) {
    this.#response = response;
    this.#options = options;
    response.once('close', () => this.#stopTimer());
    response.on('drain', () => {
      if (!response.writableEnded) this.#drained();
    });
  }

  /** Whether an answer can no longer have a status of its own. */
  get hasBegun(): boolean {
    return this.#response.headersSent || this.#response.destroyed;
  }

  isSlow(): boolean {
    return this.#cancelTimer !== undefined;
  }

  /** Adds a header to those of `begin`, if it is not too late. */
  header(name: string, value: string): void {
    if (!this.hasBegun) this.#response.setHeader(name, value);
  }

  begin(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, headers);
  }

  write(text: string): void {
    const response = this.#response;
    if (response.destroyed) return;
    const { sendBufferBytes } = this.#options.limits();
    // Only what was there before counts, since one long piece does not make a slow reader.
    if (response.writableLength > sendBufferBytes.close) {
      response.destroy();
      return;
    }
    response.write(text);
    if (response.writableLength > sendBufferBytes.slow) this.#watch();
  }

  /** The response is whole: its reader has `slowReaderMs` to take it. */
  end(text: string): void {
    if (this.#response.destroyed) return;
    this.#response.end(text);
    this.#watch();
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

  #watch(): void {
    const { clock, limits } = this.#options;
    this.#cancelTimer ??= clock.after(limits().slowReaderMs, () => this.#response.destroy());
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #drained(): void {
    if (this.#cancelTimer === undefined) return;
    this.#stopTimer();
    this.#options.onDrained();
  }
}
