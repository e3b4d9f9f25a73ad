import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../../syscalls/protocol.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Gate } from '../../gate.js';
import type { Logger } from '../../log.js';
import type { Held } from '../../process/held.js';
import type { Principal } from '../../process/principal.js';
import type { Door, Listener } from '../door.js';
import type { RequestRates } from '../request-rates.js';
import type { Unfinished } from '../unfinished.js';
import type { WorkTurns } from '../work-turns.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { Heartbeat } from './heartbeat.js';
import { type Outbox, RpcSession, type Session, type SessionDeps } from './session.js';
import { Corks } from './socket-outbox.js';

export interface WsDoorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
  readonly turns: WorkTurns;
  readonly rates: RequestRates;
  readonly held: Held;
  readonly unfinished: Unfinished;
}

type SessionMaker = (deps: SessionDeps, principal: Principal, outbox: Outbox) => Session;

const rpcSession: SessionMaker = (deps, principal, outbox) => new RpcSession(deps, principal, outbox);

/** JSON-RPC 2.0 over WebSocket, on every path that no other door takes: a connection is a process. */
export class WsDoor implements Door {
  readonly name = 'ws';
  readonly #deps: WsDoorDeps;
  readonly #createSession: SessionMaker;
  readonly #sockets: WebSocketServer;
  readonly #heartbeat: Heartbeat;
  readonly #corks: Corks;
  readonly #connections = new Set<Connection>();
  #listener: Listener | undefined;

  constructor(deps: WsDoorDeps, createSession = rpcSession) {
    this.#deps = deps;
    this.#createSession = createSession;
    this.#heartbeat = new Heartbeat(deps.clock, deps.limits);
    this.#corks = new Corks(deps.clock);
    this.#sockets = createSockets(deps.limits());
  }

  open(gate: Gate, listener: Listener): void {
    const { clock, limits } = this.#deps;
    const options: Omit<ConnectionOptions, 'onKnown'> = {
      ...this.#deps,
      corks: this.#corks,
      open: (principal, outbox) => this.#createSession({ gate, clock, limits }, principal, outbox),
    };
    this.#listener = listener;
    listener.upgrade('/', (request: IncomingMessage, stream: Duplex, head: Buffer, principal) => {
      const onKnown = () => listener.spoke(request.socket);
      this.#sockets.handleUpgrade(request, stream, head, (socket) =>
        this.#connect(socket, stream, principal, { ...options, onKnown }),
      );
    });
  }

  /** Open connections keep their bound on the size of a message; those of a token that is no longer valid are closed. */
  reload(): void {
    this.#sockets.options.maxPayload = this.#deps.limits().maxMessageBytes;
    for (const { principal, outbox } of this.#connections) {
      if (!this.#listener?.isValid(principal)) outbox.shut('token revoked');
    }
  }

  async close(): Promise<void> {
    // The replies to calls that the shutdown has ended go out first.
    await new Promise<void>((resolve) => this.#deps.clock.after(0, resolve));
    this.#heartbeat.stop();
    for (const { outbox } of this.#connections) outbox.shut('draining');
    await new Promise<void>((resolve) => this.#sockets.close(() => resolve()));
  }

  #connect(socket: WebSocket, stream: Duplex, principal: Principal, options: ConnectionOptions): void {
    const connection = new Connection(principal, socket, stream, options);
    const pulse = this.#heartbeat.add(socket);
    this.#connections.add(connection);
    socket.on('message', (data: Buffer, isBinary) => {
      pulse.missed = 0;
      connection.receive(data, isBinary);
    });
    socket.on('pong', (data: Buffer) => {
      pulse.missed = 0;
      connection.incoming.control(data.length);
    });
    socket.on('ping', (data: Buffer) => connection.incoming.control(data.length));
    // After the socket's own listener, which hands on what the bytes have made whole.
    stream.on('data', (bytes: Buffer) => connection.read(bytes.length));
    socket.on('error', ignore);
    socket.on('close', (code) => {
      this.#heartbeat.remove(pulse);
      this.#connections.delete(connection);
      connection.gone(code === 1000 ? 'closed' : 'lost');
    });
  }
}

function createSockets(limits: KernelLimits): WebSocketServer {
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
