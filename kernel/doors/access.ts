import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import { SyscallError } from '../../syscalls/errors.js';
import { BEARER_PREFIX } from '../../syscalls/protocol.js';
import type { KernelConfig } from '../config/config.js';
import type { Authenticator } from '../process/auth.js';
import { LOCAL, type Principal } from '../process/principal.js';

type Listen = KernelConfig['listen'];

const BEARER_SCHEME = 'bearer ';

/** The HTTP status of a refusal. */
interface Refusal {
  readonly status: 401 | 403;
  readonly reason: string;
}

/** Who comes in. */
type Verdict = { readonly principal: Principal } | Refusal;

/**
 * An address that others can reach needs a token and TLS.
 *
 * @throws SyscallError `invalid-config`
 */
export function checkExposure({ listen, auth }: Pick<KernelConfig, 'listen' | 'auth'>): void {
  if (!isExposed(listen) || (auth.tokens.length > 0 && listen.tls !== undefined)) return;
  throw new SyscallError(
    'invalid-config',
    `listen.host: Expected a loopback address, or a token and listen.tls, or listen.insecureLan, got "${listen.host}"`,
  );
}

/** Decides who may come in. */
export class AccessCheck {
  readonly #auth: Authenticator;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  /** Tokens may all be taken away by a reload: then nobody comes in, rather than everybody. */
  readonly #needsToken: boolean;

  constructor(listen: Listen, auth: Authenticator) {
    this.#auth = auth;
    this.#hosts = new Set(['localhost', listen.host, ...listen.allowedHosts].map((name) => name.toLowerCase()));
    this.#origins = new Set(listen.allowedOrigins.map((origin) => origin.toLowerCase()));
    this.#needsToken = isExposed(listen);
  }

  /** An upgrade. A reason never holds anything of the request: it is logged. */
  checkUpgrade(request: IncomingMessage): Verdict {
    const refusal = this.#strange(request);
    if (refusal !== undefined) return refusal;
    if (request.url?.includes('?')) {
      return { status: 401, reason: 'Expected no query: a token belongs in the Authorization header' };
    }
    return this.#principal(request);
  }

  /** A request. @param isOpen whether it needs no token */
  checkRequest(request: IncomingMessage, isOpen: boolean): Verdict | { readonly principal: undefined } {
    const refusal = this.#strange(request);
    if (refusal !== undefined) return refusal;
    return isOpen ? { principal: undefined } : this.#principal(request);
  }

  #strange({ headers, socket }: IncomingMessage): Refusal | undefined {
    const { host, origin } = headers;
    if (!this.#isOurName(host, socket.localAddress)) {
      return { status: 403, reason: 'Host is not a name of this server' };
    }
    if (origin !== undefined && !this.#isAllowed(origin.toLowerCase(), host ?? '', socket)) {
      return { status: 403, reason: 'Origin is not allowed' };
    }
    return undefined;
  }

  /** Pages of this server come from the very name that they ask, which was checked before. */
  #isAllowed(origin: string, host: string, socket: IncomingMessage['socket']): boolean {
    const scheme = 'encrypted' in socket ? 'https' : 'http';
    return origin === `${scheme}://${host.toLowerCase()}` || (origin !== 'null' && this.#origins.has(origin));
  }

  #principal(request: IncomingMessage): Verdict {
    const principal = this.#auth.authenticate(tokenOf(request));
    if (principal === undefined || (principal === LOCAL && this.#needsToken)) {
      return { status: 401, reason: 'Expected a token of this kernel' };
    }
    return { principal };
  }

  /** A web page whose name was pointed at this address still sends its own name. */
  #isOurName(host: string | undefined, localAddress: string | undefined): boolean {
    if (host === undefined) return false;
    const name = withoutPort(host.toLowerCase());
    return this.#hosts.has(name) || name === withoutMapping(localAddress);
  }
}

/** Headers that tell a client how to come in after this status. */
export function challenge(status: number): { 'WWW-Authenticate'?: string } {
  return status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
}

/** Answers an upgrade in HTTP, and closes. */
export function refuseUpgrade(socket: Duplex, status: 401 | 403 | 404 | 503): void {
  const headers = { ...challenge(status), Connection: 'close', 'Content-Length': '0' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`);
}

function isExposed({ host, insecureLan }: Listen): boolean {
  return !insecureLan && host !== 'localhost' && host !== '::1' && !(isIPv4(host) && host.startsWith('127.'));
}

/** `name:port` or `[address]:port` without the port and the brackets. */
function withoutPort(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.lastIndexOf(']'));
  const colon = host.lastIndexOf(':');
  return colon === -1 ? host : host.slice(0, colon);
}

/** An IPv4 address as it is written alone, where it comes as part of an IPv6 one. */
function withoutMapping(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') ? address.slice(7) : address;
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const { authorization } = headers;
  if (authorization?.toLowerCase().startsWith(BEARER_SCHEME)) return authorization.slice(BEARER_SCHEME.length).trim();
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key.trim();
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  const bearer = offered?.find((name) => name.startsWith(BEARER_PREFIX));
  return bearer && Buffer.from(bearer.slice(BEARER_PREFIX.length), 'base64url').toString();
}
