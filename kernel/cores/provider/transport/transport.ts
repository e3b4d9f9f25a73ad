import type { Clock } from '../../../clock.js';
import { CoreError } from '../../core.js';
import { HttpExchange, StaleConnection } from './http-exchange.js';
import type { HttpResponse, Send } from './http-response.js';
import type { KeyRing } from './key-ring.js';
import type { Route } from './route.js';
import { wellFormed } from './well-formed.js';

interface TransportOptions {
  /** Scheme, host and port that requests may go to. */
  readonly origin: string;
  readonly route: Route;
  readonly keys: KeyRing;
  /** What no message may repeat. */
  readonly secrets: readonly string[];
  /** Parameters behind the ? of every request. */
  readonly query: Readonly<Record<string, string>>;
  /** Most bytes of one response, compressed or not. */
  readonly maxResponseBytes: number;
  readonly clock: Clock;
}

/**
 * HTTP to one provider: to its origin only, following no redirect, ending a response that is too long. It is not the
 * global `fetch` because that one reports an abort before the provider can have seen it, when the slot is still taken
 * there. Here a request that is given up half-closes its connection and counts as open until the provider has closed its side.
 *
 * A body is asked for without compression, decompressed all the same, and given on as plain bytes. A request whose kept
 * connection turns out to be closed is sent once more on a fresh one.
 */
export class Transport {
  readonly #options: TransportOptions;
  /** By the signal that the requests were made with. */
  readonly #open = new Map<AbortSignal, Set<Promise<void>>>();

  /** @throws CoreError `core-failed` for a foreign origin or a redirect; a body throws it when it is too long */
  readonly fetch: Send;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.fetch = options.keys.around((input, init) => this.#send(input, init));
  }

  /** What no message may repeat. */
  get secrets(): readonly string[] {
    return this.#options.secrets;
  }

  /** The config was read again: keys that were refused may be tried. */
  reopen(): void {
    this.#options.keys.reopen();
  }

  /** Settles when the requests that were made with this signal are closed on both sides; at once without any. */
  async closed(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#open.get(signal) ?? []);
  }

  /** Drops idle connections. */
  close(): void {
    this.#options.route.agent.destroy();
  }

  async #send(input: Parameters<Send>[0], init: RequestInit = {}): Promise<HttpResponse> {
    const { method = 'GET', headers, body, signal } = init;
    const { origin, query, route } = this.#options;
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin)
      throw new CoreError('core-failed', 'A request to a foreign origin was not sent', { class: 'config' });
    if (typeof body !== 'string') throw new TypeError('Expected a request body of text');
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const head = { method, headers: { 'accept-encoding': 'identity', ...Object.fromEntries(new Headers(headers)) } };
    const text = wellFormed(body);
    const wanted = signal ?? new AbortController().signal;
    const send = () => {
      wanted.throwIfAborted();
      const exchange = new HttpExchange(route.open(url, head), wanted, this.#options);
      this.#track(exchange, wanted);
      return exchange.send(text);
    };
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      // What else is kept is as old, and without it the next connection is a fresh one.
      this.#dropIdle();
      return await send();
    }
  }

  #track({ closed }: HttpExchange, signal: AbortSignal): void {
    const open = this.#open.get(signal) ?? new Set();
    this.#open.set(signal, open.add(closed));
    closed.then(() => {
      open.delete(closed);
      if (open.size === 0) this.#open.delete(signal);
    });
  }

  #dropIdle(): void {
    for (const socket of Object.values(this.#options.route.agent.freeSockets).flat()) socket?.destroy();
  }
}
