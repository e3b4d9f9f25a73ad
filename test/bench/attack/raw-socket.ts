import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';

export interface RawOptions {
  readonly token?: string;
  readonly name?: string;
}

/** One request that is open. */
type Waiting = (reply: RawReply) => void;

export interface RawReply {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly data: { readonly code: string } };
}

/** A WebSocket that speaks JSON-RPC, and does what no well-meaning client does. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly closed: Promise<number>;
  #lastId = 0;
  /** Bytes that came. */
  bytes = 0;

  constructor(url: string, { token }: RawOptions = {}) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.socket = new WebSocket(url, { perMessageDeflate: false, headers, maxPayload: 2 ** 30 });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('message', (data: Buffer) => this.#took(data));
  }

  /** @throws Error when it is not let in */
  opened(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this));
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new Error('closed')));
    });
  }

  ask(method: string, params: unknown): Promise<RawReply> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  hello(name = 'agent'): Promise<RawReply> {
    return this.ask('agent.hello', { protocol: 1, name });
  }

  #took(data: Buffer): void {
    this.bytes += data.length;
    // Chunks are only counted.
    if (data.subarray(0, 40).includes('"method"')) return;
    const { id, ...reply } = JSON.parse(data.toString());
    this.#waiting.get(id)?.(reply);
    this.#waiting.delete(id);
  }
}

/** A socket that is a process. */
export async function join(url: string, options: RawOptions = {}): Promise<RawSocket> {
  const socket = await new RawSocket(url, options).opened();
  await socket.hello(options.name);
  return socket;
}

export const SMALL = { messages: [{ role: 'user', content: 'What is 2 + 2?' }], maxTokens: 1 };

/** Milliseconds of the calls of one who asks for little, one call after the other, until `isOver`. */
export async function timesOf(victim: RawSocket, isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const start = performance.now();
    const { error } = await victim.ask('llm.chat', SMALL);
    if (error !== undefined) throw new Error(`The victim was refused: ${error.data.code}`);
    times.push(performance.now() - start);
    await sleep(10);
  }
  return times;
}
