import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SyscallError } from '../../syscalls/errors.js';
import type { KernelConfig } from '../config/config.js';
import type { KernelLimits } from '../config/limits.js';
import type { Logger } from '../log.js';
import type { Authenticator } from '../process/auth.js';
import type { Principal } from '../process/principal.js';
import { readText } from '../text-file.js';
import { AccessCheck, challenge, checkExposure, refuseUpgrade } from './access.js';
import { allowOrigin, answerPreflight, preflightMethod } from './cors.js';
import type { Listener, Route, Upgrade } from './door.js';
import { refuseBytes } from './refuse-bytes.js';
import { Sockets } from './sockets.js';

export interface ListenerOptions {
  readonly config: Pick<KernelConfig, 'listen' | 'auth'>;
  readonly auth: Authenticator;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
}

/** Where the kernel can be reached. */
export interface Address {
  readonly url: string;
  readonly port: number;
}

const SHUTTING_DOWN = { status: 503, reason: 'The kernel is shutting down' } as const;

/** Why a request may not come in. */
interface Refused {
  readonly status: 401 | 403 | 503;
  readonly reason: string;
}

const CODE_OF = { 401: 'unauthorized', 403: 'forbidden', 503: 'draining' } as const;

/** An idle connection is kept longer than the 60 s of most proxies: the one who closes should be the one who asks. */
const KEEP_ALIVE_MS = 65_000;

/** The kernel's HTTP server: one address, shared by all doors. */
export class HttpListener implements Listener {
  readonly #options: ListenerOptions;
  readonly #access: AccessCheck;
  readonly #sockets = new Sockets();
  /** By `METHOD path`. */
  readonly #routes = new Map<string, Route>();
  readonly #upgrades = new Map<string, Upgrade>();
  #server: Server | undefined;
  #address: Promise<Address> | undefined;
  #open = true;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#access = new AccessCheck(options.config.listen, options.auth);
  }

  /** Open connections, of all doors. */
  get connections(): number {
    return this.#sockets.total;
  }

  serve(method: string, path: string, route: Route): void {
    this.#routes.set(`${method} ${path}`, route);
  }

  upgrade(path: string, upgrade: Upgrade): void {
    this.#upgrades.set(path, upgrade);
  }

  isValid(principal: Principal): boolean {
    return this.#options.auth.stillValid(principal);
  }

  spoke(socket: Socket): void {
    this.#sockets.spoke(socket);
  }

  /**
   * Starts to listen. Idempotent.
   *
   * @throws SyscallError `invalid-config` for an address, certificate or exposure that cannot be
   */
  listen(): Promise<Address> {
    this.#address ??= this.#listen();
    return this.#address;
  }

  /** Refuses new connections and requests; open ones go on. Idempotent. */
  stopListening(): void {
    this.#open = false;
    this.#server?.close();
  }

  /** Cuts every connection that is left. Idempotent. */
  close(): void {
    this.stopListening();
    this.#server?.closeAllConnections();
  }

  async #listen(): Promise<Address> {
    const { config, limits, log } = this.#options;
    const { host, port: wanted, tls } = config.listen;
    checkExposure(config);
    const server = await createHttpServer(config.listen, limits());
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new SyscallError('invalid-config', `listen: ${error.message}`, { cause: error })),
      );
      server.listen({ host, port: wanted }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => log.error({ err: error }, 'the server socket failed'));
    server.on('connection', (socket: Socket) => {
      if (!this.#sockets.admit(socket, limits().socketsPerAddress)) socket.destroy();
    });
    server.on('request', (request, response) => this.#onRequest(request, response));
    server.on('clientError', refuseBytes);
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    return { port, url: `${tls === undefined ? 'ws' : 'wss'}://${isIPv6(host) ? `[${host}]` : host}:${port}` };
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { log } = this.#options;
    const asked = preflightMethod(request);
    try {
      const route = longest(this.#routes, `${asked ?? request.method} ${pathOf(request)}`);
      if (route === undefined) {
        response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
        return;
      }
      const isOpen = route.access === 'open' || asked !== undefined;
      const verdict = this.#open ? this.#access.checkRequest(request, isOpen) : SHUTTING_DOWN;
      if ('status' in verdict) this.#refuse(request, response, route, verdict);
      else if (asked !== undefined) answerPreflight(request, response, asked);
      else {
        if (!isOpen) this.spoke(request.socket);
        allowOrigin(request, response);
        route.handle(request, response, verdict.principal);
      }
    } catch (error) {
      log.error({ err: error }, 'a request failed inside the kernel');
      response.destroy();
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, route: Route, { status, reason }: Refused): void {
    this.#refused(request, { status, reason });
    // A page whose origin is wrong may not read why.
    if (status !== 403) allowOrigin(request, response);
    for (const [name, value] of Object.entries(challenge(status))) response.setHeader(name, value);
    if (route.refuse !== undefined) route.refuse(request, response, new SyscallError(CODE_OF[status], reason));
    else response.writeHead(status, { Connection: 'close' }).end();
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { log } = this.#options;
    socket.on('error', ignore);
    try {
      const upgrade = longest(this.#upgrades, pathOf(request));
      const verdict = this.#open ? this.#access.checkUpgrade(request) : SHUTTING_DOWN;
      if ('status' in verdict) {
        this.#refused(request, verdict);
        refuseUpgrade(socket, verdict.status);
      } else if (upgrade === undefined) refuseUpgrade(socket, 404);
      else upgrade(request, socket, head, verdict.principal);
    } catch (error) {
      log.error({ err: error }, 'an upgrade failed inside the kernel');
      socket.destroy();
    }
  }

  #refused(request: IncomingMessage, verdict: Refused): void {
    this.#options.log.warn({ ...verdict, address: request.socket.remoteAddress }, 'refused a connection');
  }
}

/** The entry whose path is the whole of `path`, else the longest one above it that ends with `/`. */
function longest<Entry>(entries: ReadonlyMap<string, Entry>, path: string): Entry | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 2) + 1) {
    const entry = entries.get(path.slice(0, end));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] as string;
}

async function createHttpServer(
  { tls }: KernelConfig['listen'],
  { handshakeTimeoutMs, requestTimeoutMs, maxHeaderBytes }: KernelLimits,
): Promise<Server> {
  // Node takes whole milliseconds only.
  const timeoutMs = Math.ceil(handshakeTimeoutMs);
  const timeouts = {
    headersTimeout: timeoutMs,
    requestTimeout: Math.max(timeoutMs, Math.ceil(requestTimeoutMs)),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: Math.max(1, Math.min(1000, Math.ceil(timeoutMs / 4))),
  };
  if (tls === undefined) return createServer(timeouts);
  try {
    const [cert, key] = await Promise.all([readPem(tls.certFile), readPem(tls.keyFile)]);
    return createTlsServer({ ...timeouts, cert, key, handshakeTimeout: timeoutMs });
  } catch (error) {
    throw new SyscallError('invalid-config', `listen.tls: ${(error as Error).message}`, { cause: error });
  }
}

/** As bytes: Node takes an empty text for no certificate, and says nothing. */
async function readPem(path: string): Promise<Buffer> {
  return Buffer.from(await readText(path));
}

/** An error after which the socket closes by itself. */
function ignore(): void {}
