import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock } from '../../../clock.js';
import { CoreError } from '../../core.js';
import { decoded } from './content-coding.js';
import { type HttpResponse, ReadResponse } from './http-response.js';
import { ResponseBody } from './response-body.js';
import { GIVEN_UP } from './route.js';

/** How long a provider may take to close its side of a request that was given up, before the connection is cut. */
const HANG_UP_GRACE_MS = 500;

/** What a connection that the other side has closed already answers to a request. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/** A kept connection was closed before a byte of the response came: the provider had dropped it, and has processed nothing. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

interface ExchangeOptions {
  readonly clock: Clock;
  readonly maxResponseBytes: number;
}

/** One request and its response, until both sides have closed it. A request that is given up half-closes its connection. */
export class HttpExchange {
  /** Settles when the request is closed on both sides. */
  readonly closed: Promise<void>;
  readonly #request: ClientRequest;
  readonly #options: ExchangeOptions;
  #response: IncomingMessage | undefined;
  #givenUp: unknown;
  #cancelGrace: (() => void) | undefined;
  /** What the connection had brought before this request. */
  #bytesBefore = 0;

  /** @param signal gives the request up */
  constructor(request: ClientRequest, signal: AbortSignal, options: ExchangeOptions) {
    this.#request = request;
    this.#options = options;
    const abort = () => this.#hangUp(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.closed = new Promise((resolve) => {
      request.once('close', () => {
        signal.removeEventListener('abort', abort);
        this.#cancelGrace?.();
        resolve();
      });
    });
    request.once('socket', (socket) => {
      this.#bytesBefore = socket.bytesRead;
    });
    request.on('error', () => {});
  }

  /** @throws StaleConnection, CoreError `core-failed` for a redirect or an unknown content coding, and what the connection throws */
  async send(body: string): Promise<HttpResponse> {
    this.#request.end(body);
    const response = await this.#answered();
    this.#response = response;
    const { statusCode: status = 0, rawHeaders } = response;
    if (status >= 300 && status < 400) {
      this.#hangUp(undefined);
      const message = `The provider redirects (HTTP ${status}), which is not followed`;
      throw new CoreError('core-failed', message, { class: 'config', status });
    }
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    const decodedBody = this.#bodyOf(response, status, headers.get('content-encoding'));
    // They describe the body as it was sent.
    for (const name of ['content-encoding', 'content-length']) headers.delete(name);
    return new ReadResponse(status === 204 || status === 205 ? null : decodedBody, status, headers);
  }

  async #answered(): Promise<IncomingMessage> {
    try {
      const [response] = (await once(this.#request, 'response')) as [IncomingMessage];
      return response;
    } catch (error) {
      throw this.#isStale(error) ? new StaleConnection('A kept connection was closed', { cause: error }) : error;
    }
  }

  #isStale(error: unknown): boolean {
    const { reusedSocket, socket } = this.#request;
    const isClosed = error instanceof Error && 'code' in error && CLOSED_CODES.has(error.code);
    return isClosed && reusedSocket && socket?.bytesRead === this.#bytesBefore;
  }

  #bodyOf(response: IncomingMessage, status: number, codings: string | null): AsyncIterable<Uint8Array> | null {
    const maxBytes = this.#options.maxResponseBytes;
    const body = new ResponseBody(response, {
      maxBytes,
      givenUp: () => this.#givenUp,
      hangUp: (reason) => this.#hangUp(reason),
      closed: this.closed,
    });
    try {
      return decoded(body, codings, maxBytes);
    } catch (error) {
      this.#hangUp(error);
      // A status of failure says more than that its text cannot be read.
      if (status >= 400) return null;
      throw error;
    }
  }

  #hangUp(reason: unknown): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = reason ?? new Error('given up');
    const response = this.#response;
    // What is still to come has to be read, or the end is never seen.
    response?.resume();
    if (response?.complete === true) return;
    const request = this.#request;
    const { socket } = request;
    if (socket === null || socket.connecting || !request.writableFinished) {
      request.destroy();
      request.emit(GIVEN_UP);
      return;
    }
    socket.end();
    this.#cancelGrace = this.#options.clock.after(HANG_UP_GRACE_MS, () => request.destroy());
  }
}
