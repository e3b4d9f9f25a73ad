import { once } from 'node:events';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { SyscallError } from '../../../../syscalls/errors.js';
import type { Clock } from '../../../clock.js';

/** Idle connections are dropped before servers usually drop them, so that no request meets a closed one. */
const KEEP_ALIVE_MS = 4_000;
/** How long a provider may take to close its side of a request that was given up, before the connection is cut. */
const HANG_UP_GRACE_MS = 500;

type Fetch = typeof fetch;

/**
 * HTTP to one provider: to its origin only, following no redirect, ending a response that is too long. It is not the
 * global `fetch` because that one reports an abort before the provider can have seen it, when the slot is still taken
 * there. Here a request that is given up half-closes its connection and counts as open until the provider has closed its side.
 */
export class Transport {
  readonly #origin: string;
  readonly #maxResponseBytes: number;
  readonly #clock: Clock;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  /** By the signal that the request was made with. */
  readonly #open = new Map<AbortSignal, Promise<void>>();

  constructor(baseUrl: string, maxResponseBytes: number, clock: Clock) {
    const { origin, protocol } = new URL(baseUrl);
    const options = { keepAlive: true, timeout: KEEP_ALIVE_MS };
    this.#origin = origin;
    this.#maxResponseBytes = maxResponseBytes;
    this.#clock = clock;
    this.#agent = protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
    this.#request = protocol === 'https:' ? httpsRequest : httpRequest;
  }

  /** @throws SyscallError `core-failed` for a foreign origin or a redirect; a body throws it when it is too long */
  readonly fetch: Fetch = async (input, init = {}) => {
    const { method = 'GET', headers, body, signal } = init;
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== this.#origin)
      throw new SyscallError('core-failed', 'A request to a foreign origin was not sent');
    if (typeof body !== 'string') throw new TypeError('Expected a request body of text');
    signal?.throwIfAborted();
    const fields = Object.fromEntries(new Headers(headers));
    const request = this.#request(url, { method, headers: fields, agent: this.#agent });
    return this.#exchange(request, body, signal ?? new AbortController().signal);
  };

  /** Settles when the request that was made with this signal is closed on both sides; at once without such a request. */
  async closed(signal: AbortSignal): Promise<void> {
    await this.#open.get(signal);
  }

  /** Drops idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #exchange(request: ClientRequest, body: string, signal: AbortSignal): Promise<Response> {
    const closing = new Promise<void>((resolve) => {
      request.once('close', resolve);
    });
    this.#open.set(signal, closing);
    let cancelGrace: (() => void) | undefined;
    let givenUp: unknown;
    let response: IncomingMessage | undefined;

    const hangUp = (reason: unknown) => {
      if (givenUp !== undefined) return;
      givenUp = reason ?? new Error('given up');
      // What is still to come has to be read, or the end is never seen.
      response?.resume();
      if (response?.complete === true) return;
      const { socket } = request;
      if (socket === null || socket.connecting || !request.writableFinished) {
        request.destroy();
        return;
      }
      socket.end();
      cancelGrace = this.#clock.after(HANG_UP_GRACE_MS, () => request.destroy());
    };
    const abort = () => hangUp(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    request.once('close', () => {
      signal.removeEventListener('abort', abort);
      this.#open.delete(signal);
      cancelGrace?.();
    });

    request.on('error', () => {});
    request.end(body);
    [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, rawHeaders } = response;
    if (status >= 300 && status < 400) {
      hangUp(undefined);
      throw new SyscallError('core-failed', `The provider redirects (HTTP ${status}), which is not followed`);
    }
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    const stream = bodyOf(response, this.#maxResponseBytes, () => givenUp, hangUp, closing);
    return new Response(status === 204 || status === 205 ? null : stream, { status, headers });
  }
}

/** The body as the SDK wants it. Bytes that come after the request was given up are thrown away. */
function bodyOf(
  response: IncomingMessage,
  maxBytes: number,
  givenUp: () => unknown,
  hangUp: (reason: unknown) => void,
  closing: Promise<void>,
): ReadableStream<Uint8Array> {
  let seen = 0;
  let failure: unknown;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      response.on('data', (bytes: Buffer) => {
        if (givenUp() !== undefined) return;
        seen += bytes.byteLength;
        if (seen > maxBytes) {
          hangUp(new SyscallError('core-failed', `The response exceeds \`maxResponseBytes\` of ${maxBytes}`));
          return;
        }
        controller.enqueue(bytes);
        if ((controller.desiredSize ?? 0) <= 0) response.pause();
      });
      response.once('error', (error) => {
        failure = error;
      });
      response.once('close', () => {
        const error = givenUp() ?? failure;
        if (error !== undefined) controller.error(error);
        else controller.close();
      });
    },
    pull() {
      response.resume();
    },
    async cancel(reason) {
      hangUp(reason);
      await closing;
    },
  });
}
