import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SyscallError } from '../syscalls/errors.js';
import type { Authenticator } from './auth.js';
import type { Clock } from './clock.js';
import type { KernelConfig } from './config.js';
import { Connection } from './connection.js';
import { Heartbeat } from './heartbeat.js';
import type { Logger } from './log.js';
import type { Principal } from './principal.js';
import type { Outbox, Session } from './session.js';
import { CLOSE, SocketOutbox } from './socket-outbox.js';
import { checkSource, isLoopback, type Refusal, SUBPROTOCOL, tokenOf } from './upgrade.js';

export interface ServerDeps {
  readonly config: KernelConfig;
  readonly auth: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly open: (principal: Principal, outbox: Outbox) => Session;
}

export interface KernelServer {
  /** Such as `ws://127.0.0.1:8787`. */
  readonly url: string;
  readonly port: number;
  /** New connections are refused; those that are there go on. */
  stopListening(): void;
  /** Cuts what is still connected. Idempotent. */
  close(): Promise<void>;
  /** Takes over limits, and closes the connections of tokens that are no longer known. */
  reload(config: KernelConfig): void;
}

/** @throws SyscallError `invalid-config` for an address that must not be served so, or files that cannot be read */
export async function startServer(deps: ServerDeps): Promise<KernelServer> {
  const { listen, limits } = deps.config;
  checkAddress(listen, deps.auth);
  const http = await createServer(listen.tls, limits.handshakeTimeoutMs);
  const server = new SocketServer(http, deps);
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => reject(cannotListen(listen, error)));
    http.listen(listen.port, listen.host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    url: `${listen.tls === undefined ? 'ws' : 'wss'}://${host}:${port}`,
    port,
    stopListening: () => void http.close(),
    close: () => server.close(),
    reload: (config) => server.reload(config),
  };
}

function checkAddress({ host, tls, insecureLan }: KernelConfig['listen'], auth: Authenticator): void {
  if (isLoopback(host) || insecureLan || (tls !== undefined && auth.required)) return;
  throw new SyscallError(
    'invalid-config',
    `listen.host: any address but loopback needs listen.tls and auth.tokens, or insecureLan, got "${host}"`,
  );
}

async function createServer(tls: KernelConfig['listen']['tls'], timeoutMs: number): Promise<Server> {
  const timeouts = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: timeoutMs / 5 };
  if (tls === undefined) return createHttpServer(timeouts);
  try {
    const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
    return createHttpsServer({ cert, key, handshakeTimeout: timeoutMs, ...timeouts });
  } catch (error) {
    throw new SyscallError('invalid-config', `listen.tls: ${(error as Error).message}`, { cause: error });
  }
}

function cannotListen({ host, port }: KernelConfig['listen'], error: Error): SyscallError {
  return new SyscallError('invalid-config', `listen: cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}

interface Peer {
  readonly socket: WebSocket;
  readonly outbox: SocketOutbox;
  readonly principal: Principal;
}

/** Turns connections into sessions. */
class SocketServer {
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #deps: ServerDeps;
  readonly #heartbeat: Heartbeat;
  readonly #peers = new Set<Peer>();
  readonly #perAddress = new Map<string, number>();
  #limits: KernelConfig['limits'];
  #closed: Promise<void> | undefined;

  constructor(http: Server, deps: ServerDeps) {
    this.#http = http;
    this.#deps = deps;
    this.#limits = deps.config.limits;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: this.#limits.maxMessageBytes,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    this.#heartbeat = new Heartbeat(deps.clock, () => this.#limits);
    http.on('request', (_, response) => response.writeHead(426, { connection: 'close' }).end('WebSocket only\n'));
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    http.on('connection', (socket) => this.#count(socket));
  }

  reload(config: KernelConfig): void {
    this.#limits = config.limits;
    for (const { principal, outbox } of this.#peers) {
      if (!this.#deps.auth.knows(principal)) outbox.hangUp(CLOSE.revoked, 'the token was revoked');
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#heartbeat.stop();
      this.#http.close(() => resolve());
      // A peer that answers the close frame goes by itself; the others are cut.
      for (const { socket } of this.#peers) socket.close(CLOSE.goingAway);
      this.#deps.clock.after(500, () => {
        for (const { socket } of this.#peers) socket.terminate();
        this.#http.closeAllConnections();
      });
    });
    return this.#closed;
  }

  /** Bounds the sockets of one address, before a byte is read from them. */
  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.#perAddress.get(address) ?? 0) + 1;
    if (count > this.#limits.socketsPerAddress) {
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, count);
    socket.once('close', () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignore);
    const principal = this.#admit(request);
    if ('status' in principal) {
      refuse(socket, principal);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (peer) => {
      socket.off('error', ignore);
      this.#accept(peer, socket as Socket, principal);
    });
  }

  #admit(request: IncomingMessage): Principal | Refusal {
    const { auth, config } = this.#deps;
    const refusal = checkSource(request, config.listen);
    if (refusal !== undefined) return refusal;
    return auth.authenticate(tokenOf(request)) ?? { status: 401, reason: 'A valid token is needed' };
  }

  #accept(socket: WebSocket, raw: Socket, principal: Principal): void {
    const { clock, log, open } = this.#deps;
    const limits = () => this.#limits;
    const outbox = new SocketOutbox(socket, raw, clock, limits);
    const session = open(principal, outbox);
    outbox.session = session;
    const connection = new Connection({ session, outbox, clock, log, limits });
    const peer = { socket, outbox, principal };
    this.#peers.add(peer);
    this.#heartbeat.add(socket);
    raw.setNoDelay(true);
    socket.on('message', (data, isBinary) => {
      if (isBinary) outbox.hangUp(CLOSE.unsupportedData, 'text messages only');
      else connection.receive(String(data));
    });
    // The close event that follows every error does what is to be done.
    socket.on('error', (error) => log.debug({ code: (error as NodeJS.ErrnoException).code }, 'a socket failed'));
    socket.once('close', () => {
      this.#peers.delete(peer);
      this.#heartbeat.remove(socket);
      session.close();
    });
  }
}

function refuse(socket: Duplex, { status, reason }: Refusal): void {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function ignore(): void {}
