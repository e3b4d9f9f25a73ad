import type { IncomingMessage } from 'node:http';
import type { KernelConfig } from './config.js';

/** Subprotocol of this protocol; a browser offers its token next to it, since it cannot set headers. */
export const SUBPROTOCOL = 'eccos.v1';
const TOKEN_SUBPROTOCOL = 'eccos.bearer.';

/** HTTP status and reason with which a connection is refused before it becomes a WebSocket. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 503;
  readonly reason: string;
}

/**
 * Checks where a connection comes from, against pages that a browser was lured to: the Host header must name this
 * machine (a rebound name does not), and a page's Origin must be on the list. Without Origin it is no browser.
 */
export function checkSource(request: IncomingMessage, listen: KernelConfig['listen']): Refusal | undefined {
  const { host, origin } = request.headers;
  const name = host === undefined ? undefined : hostName(`http://${host}`);
  const known = ['localhost', '127.0.0.1', '[::1]', bracketed(listen.host), ...listen.allowedHosts];
  if (name === undefined || !(known.includes(name) || listen.host === '0.0.0.0' || listen.host === '::')) {
    return { status: 403, reason: 'Host is not allowed' };
  }
  if (origin !== undefined && !listen.allowedOrigins.includes(origin)) {
    return { status: 403, reason: 'Origin is not allowed' };
  }
  // Addresses are logged on the way, so that a token in one is not accepted, whatever its name.
  if ((request.url ?? '/').includes('?'))
    return { status: 401, reason: 'No query is taken; the token goes into a header' };
  return undefined;
}

/** The token of the Authorization header, else that of the subprotocol. */
export function tokenOf({ headers }: IncomingMessage): string | undefined {
  const bearer = headers.authorization;
  if (bearer !== undefined) return bearer.startsWith('Bearer ') ? bearer.slice('Bearer '.length) : '';
  const offered = headers['sec-websocket-protocol']?.split(',').map((one) => one.trim()) ?? [];
  const token = offered.find((one) => one.startsWith(TOKEN_SUBPROTOCOL));
  return token === undefined ? undefined : Buffer.from(token.slice(TOKEN_SUBPROTOCOL.length), 'base64url').toString();
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function hostName(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
