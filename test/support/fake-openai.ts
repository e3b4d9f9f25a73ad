import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakeReply, sendReply } from './fake-reply.js';

/** One request as it came in. */
export interface FakeRequest {
  readonly model: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/**
 * A provider on 127.0.0.1 that speaks OpenAI's chat completions over server-sent events, fails on demand, and counts
 * its own calls in flight: the only honest witness of a cap. A call is in flight from its request until its response is
 * sent or its connection is closed.
 */
export class FakeOpenAI {
  /** Every request so far, in order. */
  readonly requests: FakeRequest[] = [];
  /** By model. */
  readonly inFlight = new Map<string, number>();
  /** Most calls in flight at any one moment, by model. */
  readonly maxInFlight = new Map<string, number>();
  readonly #server: Server;
  #answer: (request: FakeRequest, index: number) => FakeReply = () => ({});

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(answer?: (request: FakeRequest, index: number) => FakeReply): Promise<FakeOpenAI> {
    const fake = new FakeOpenAI();
    if (answer !== undefined) fake.#answer = answer;
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** What to answer from now on: to all, or by request and its number from 0. */
  answer(reply: FakeReply | ((request: FakeRequest, index: number) => FakeReply)): void {
    this.#answer = typeof reply === 'function' ? reply : () => reply;
  }

  /** All calls in flight now. */
  get running(): number {
    return [...this.inFlight.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Connections that are open now, idle ones too. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of incoming.setEncoding('utf8')) text += piece;
    const body = JSON.parse(text) as Record<string, unknown>;
    const model = String(body['model']);
    const request = { model, headers: incoming.headers, body };
    const count = (this.inFlight.get(model) ?? 0) + 1;
    this.inFlight.set(model, count);
    this.maxInFlight.set(model, Math.max(count, this.maxInFlight.get(model) ?? 0));
    response.once('close', () => this.inFlight.set(model, (this.inFlight.get(model) ?? 0) - 1));
    const reply = this.#answer(request, this.requests.push(request) - 1);
    await sendReply(response, reply);
  }
}
