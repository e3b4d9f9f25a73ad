import { request } from 'node:http';
import { pino } from 'pino';
import { expect } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import { type Clock, realClock } from '../../../../kernel/clock.js';
import { checkConfig, type KernelConfig } from '../../../../kernel/config/config.js';
import type { KernelLimits } from '../../../../kernel/config/limits.js';
import { HttpListener } from '../../../../kernel/doors/listener.js';
import { RequestRates } from '../../../../kernel/doors/request-rates.js';
import { Unfinished } from '../../../../kernel/doors/unfinished.js';
import { WorkTurns } from '../../../../kernel/doors/work-turns.js';
import type { Outbox, Outcome, RpcCall, Session } from '../../../../kernel/doors/ws/session.js';
import { WsDoor } from '../../../../kernel/doors/ws/ws-door.js';
import type { Gate } from '../../../../kernel/gate.js';
import type { Logger } from '../../../../kernel/log.js';
import { Authenticator } from '../../../../kernel/process/auth.js';
import { Held } from '../../../../kernel/process/held.js';
import type { Principal } from '../../../../kernel/process/principal.js';

type Handled = RpcCall;

/** A session that answers every request with its method, unless the test says otherwise. */
export class FakeSession implements Session {
  readonly principal: Principal;
  readonly outbox: Outbox;
  readonly requests: Handled[] = [];
  timesDrained = 0;
  behind = 0;
  timesClosed = 0;
  isProcess = true;
  answer: (request: Handled) => Promise<Outcome> | Outcome = ({ method }) => ({ result: method });

  constructor(principal: Principal, outbox: Outbox) {
    this.principal = principal;
    this.outbox = outbox;
  }

  async handle(handled: Handled): Promise<Outcome> {
    this.requests.push(handled);
    return this.answer(handled);
  }

  drained(): void {
    this.timesDrained++;
  }

  close(): void {
    this.timesClosed++;
  }
}

export interface ServeOptions {
  readonly listen?: object;
  readonly tokens?: readonly object[];
  readonly limits?: object;
  readonly env?: Record<string, string>;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly open?: (principal: Principal, outbox: Outbox) => Session;
}

export interface Served {
  readonly server: TestServer;
  readonly auth: Authenticator;
  readonly limits: KernelConfig['limits'];
  readonly sessions: FakeSession[];
  readonly session: FakeSession;
}

/** The listener with the WebSocket door alone. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  reload(config: Pick<KernelConfig, 'limits'>): void;
  stopListening(): void;
  close(): Promise<void>;
}

const CORES = [{ id: 'a', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 } }];
const NO_GATE = {} as Gate;

/** A checked config with these parts. */
export function configOf({ listen = {}, tokens = [], limits = {} }: ServeOptions): KernelConfig {
  return checkConfig({ listen: { port: 0, ...listen }, auth: { tokens }, limits, cores: CORES }, 'the test');
}

/** What all doors share. */
export function doorParts(clock: Clock, limits: () => KernelLimits) {
  return {
    turns: new WorkTurns(clock),
    rates: new RequestRates(clock, limits),
    held: new Held(),
    unfinished: new Unfinished(() => limits().pendingBytes / 2),
  };
}

/** A server in front of fake sessions, on a free port. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const config = configOf(options);
  const auth = new Authenticator(config.auth, options.env ?? {});
  const sessions: FakeSession[] = [];
  const open = (principal: Principal, outbox: Outbox) => {
    const session = new FakeSession(principal, outbox);
    sessions.push(session);
    return session;
  };
  const { clock = realClock, log = pino({ level: 'silent' }) } = options;
  let { limits } = config;
  const createSession = (_deps: unknown, principal: Principal, outbox: Outbox) =>
    (options.open ?? open)(principal, outbox);
  const listener = new HttpListener({ config, auth, log, limits: () => limits });
  const door = new WsDoor({ clock, log, limits: () => limits, ...doorParts(clock, () => limits) }, createSession);
  door.open(NO_GATE, listener);
  const server: TestServer = {
    ...(await listener.listen()),
    reload(next) {
      limits = next.limits;
      door.reload();
    },
    stopListening: () => listener.stopListening(),
    async close() {
      listener.stopListening();
      await door.close();
      listener.close();
    },
  };
  return {
    server,
    auth,
    limits: config.limits,
    sessions,
    get session() {
      const last = sessions.at(-1);
      if (last === undefined) throw new Error('Nobody has connected');
      return last;
    },
  };
}

/** A client that keeps what it is sent. */
export class Peer {
  readonly socket: WebSocket;
  readonly received: Record<string, unknown>[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #more = () => {};

  constructor(url: string, options: ClientOptions = {}, protocols: string[] = []) {
    this.socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)));
      this.#more();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
      this.socket.on('error', () => {});
    });
  }

  opened(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this));
      this.socket.once('error', reject);
    });
  }

  /** Sends a text as it is, or a value as JSON. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves when so many messages have come in all. */
  async messages(count: number): Promise<Record<string, unknown>[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
    return this.received;
  }

  /** Sends one message and waits for the next one. */
  async ask(message: unknown): Promise<Record<string, unknown>> {
    const count = this.received.length + 1;
    this.send(message);
    return (await this.messages(count))[count - 1] as Record<string, unknown>;
  }
}

export function connect(served: Served, options: ClientOptions = {}, protocols: string[] = []): Promise<Peer> {
  return new Peer(served.server.url, options, protocols).opened();
}

/** A request with this method. */
export function rpc(id: number | string, method = 'kernel.stats', params: unknown = {}) {
  return { jsonrpc: '2.0', id, method, params };
}

/** HTTP status with which an upgrade request with these headers is answered: 101 lets it in. */
export function knock(port: number, headers: Record<string, string> = {}, path = '/'): Promise<number> {
  return new Promise((resolve, reject) => {
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const sent = request({ host: '127.0.0.1', port, path, headers: { ...upgrade, ...headers } });
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** One client frame, masked with zeros. */
export function frame(payload: Buffer, { opcode = 1, fin = true, rsv = 0, masked = true } = {}): Buffer {
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  const { length } = payload;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), payload]);
}

/** Waits in real time until a condition holds. */
export async function until(what: () => boolean): Promise<void> {
  await expect.poll(what, { interval: 5 }).toBe(true);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => realClock.after(ms, resolve));
}
