import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SyscallError } from '../../syscalls/errors.js';
import { SUBPROTOCOL } from '../../syscalls/protocol.js';
import type { Clock } from '../clock.js';
import type { KernelConfig } from '../config/config.js';
import type { Logger } from '../log.js';
import type { Authenticator } from '../process/auth.js';
import type { Principal } from '../process/principal.js';
import { checkExposure, refuseUpgrade, UpgradeCheck } from './access.js';
import type { Outbox, Session } from './session.js';
import { AddressCount } from './ws/address-count.js';
import { Connection, type ConnectionOptions } from './ws/connection.js';
import { Heartbeat } from './ws/heartbeat.js';
import { ReadCount, ReadTurns } from './ws/read-turns.js';
import { Corks } from './ws/socket-outbox.js';

export interface ServerOptions {
  readonly config: Pick<KernelConfig, 'listen' | 'auth' | 'limits'>;
  readonly auth: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  /** Gives a connection that has been let in its way into the kernel. */
  readonly open: (principal: Principal, outbox: Outbox) => Session;
}

/** The kernel's WebSocket server. */
export interface KernelServer {
  readonly url: string;
  readonly port: number;
  /** Refuses new connections; open ones go on. Idempotent. */
  stopListening(): void;
  /** Closes every connection and resolves when all are gone. Idempotent. */
  close(): Promise<void>;
  /**
   * Takes over limits, and closes the connections of tokens that are no longer valid. Open connections keep their
   * bound on the size of a message; the time for handshakes stays as it was at the start.
   */
  reload(config: Pick<KernelConfig, 'limits'>): void;
}

/**
 * Starts to listen.
 *
 * @throws SyscallError `invalid-config` for an address, certificate or exposure that cannot be
 */
export async function startServer(options: ServerOptions): Promise<KernelServer> {
  const { listen, limits } = options.config;
  checkExposure(options.config);
  const http = await createHttpServer(listen, limits);
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) =>
      reject(new SyscallError('invalid-config', `listen: ${error.message}`, { cause: error })),
    );
    http.listen({ host: listen.host, port: listen.port }, resolve);
  });
  http.removeAllListeners('error');
  return new SocketServer(http, options);
}

async function createHttpServer({ tls }: KernelConfig['listen'], limits: KernelConfig['limits']): Promise<Server> {
  const { handshakeTimeoutMs } = limits;
  const timeouts = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    connectionsCheckingInterval: Math.max(1, Math.min(1000, handshakeTimeoutMs / 4)),
  };
  if (tls === undefined) return createServer(timeouts);
  try {
    const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
    return createTlsServer({ ...timeouts, cert, key, handshakeTimeout: handshakeTimeoutMs });
  } catch (error) {
    throw new SyscallError('invalid-config', `listen.tls: ${(error as Error).message}`, { cause: error });
  }
}

const SHUTTING_DOWN = { status: 503, reason: 'The kernel is shutting down' } as const;

class SocketServer implements KernelServer {
  readonly url: string;
  readonly port: number;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #options: ServerOptions;
  readonly #upgrade: UpgradeCheck;
  readonly #heartbeat: Heartbeat;
  readonly #addresses = new AddressCount();
  readonly #turns: ReadTurns;
  readonly #connections = new Set<Connection>();
  readonly #connectionOptions: ConnectionOptions;
  #limits: KernelConfig['limits'];
  #listening = true;
  #closed: Promise<void> | undefined;

  constructor(http: Server, options: ServerOptions) {
    const { config, auth, clock, log, open } = options;
    const { host, tls } = config.listen;
    this.#http = http;
    this.#options = options;
    this.#limits = config.limits;
    this.#upgrade = new UpgradeCheck(config.listen, auth);
    const limits = () => this.#limits;
    this.#heartbeat = new Heartbeat(clock, limits);
    this.#turns = new ReadTurns(clock);
    this.#connectionOptions = { clock, log, limits, corks: new Corks(clock), open };
    this.#sockets = createSockets(config.limits);
    this.port = (http.address() as AddressInfo).port;
    this.url = `${tls === undefined ? 'ws' : 'wss'}://${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
    http.on('connection', (socket: Socket) => {
      if (!this.#addresses.admit(socket, this.#limits.socketsPerAddress)) socket.destroy();
    });
    http.on('request', (_request, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
    });
    http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    http.on('error', (error) => log.error({ err: error }, 'the server socket failed'));
  }

  stopListening(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#http.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  reload({ limits }: Pick<KernelConfig, 'limits'>): void {
    this.#limits = limits;
    this.#sockets.options.maxPayload = limits.maxMessageBytes;
    for (const connection of this.#connections) {
      if (!this.#options.auth.stillValid(connection.principal)) connection.outbox.shut('token revoked');
    }
  }

  async #close(): Promise<void> {
    this.stopListening();
    // The replies to calls that the shutdown has ended go out first.
    await new Promise<void>((resolve) => this.#options.clock.after(0, resolve));
    this.#heartbeat.stop();
    for (const { outbox } of this.#connections) outbox.shut('draining');
    await new Promise<void>((resolve) => this.#sockets.close(() => resolve()));
    this.#http.closeAllConnections();
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { log } = this.#options;
    socket.on('error', ignore);
    try {
      const verdict = this.#listening ? this.#upgrade.check(request) : SHUTTING_DOWN;
      if ('principal' in verdict) {
        this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#connect(ws, socket, verdict.principal));
      } else {
        log.warn({ ...verdict, address: request.socket.remoteAddress }, 'refused a connection');
        refuseUpgrade(socket, verdict.status);
      }
    } catch (error) {
      log.error({ err: error }, 'an upgrade failed inside the kernel');
      socket.destroy();
    }
  }

  #connect(socket: WebSocket, stream: Duplex, principal: Principal): void {
    const connection = new Connection(principal, socket, stream, this.#connectionOptions);
    const pulse = this.#heartbeat.add(socket);
    this.#connections.add(connection);
    const count = new ReadCount(socket);
    socket.on('message', (data: Buffer, isBinary) => {
      pulse.missed = 0;
      if (this.#turns.took(count)) connection.outbox.shut('flood');
      connection.receive(data, isBinary);
    });
    socket.on('pong', () => {
      pulse.missed = 0;
    });
    socket.on('error', ignore);
    socket.on('close', () => {
      this.#heartbeat.remove(pulse);
      this.#connections.delete(connection);
      connection.gone();
    });
  }
}

function createSockets(limits: KernelConfig['limits']): WebSocketServer {
  const options = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    // Time that the peer gets to answer a close before its socket is destroyed.
    closeTimeout: limits.handshakeTimeoutMs,
    handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  } as const;
  return new WebSocketServer(options);
}

/** An error after which the socket closes by itself. */
function ignore(): void {}
