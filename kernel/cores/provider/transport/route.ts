import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { HttpProxy } from './proxy.js';
import { Tunnel } from './tunnel.js';

/** Idle connections are dropped before servers usually drop them, so that few requests meet a closed one. */
const KEEP_ALIVE_MS = 4_000;
const POOL = { keepAlive: true, timeout: KEEP_ALIVE_MS };

/** Emitted on a request that was given up before it had a connection. */
export const GIVEN_UP = Symbol('given up');

type Tls = { readonly secureContext?: SecureContext };

interface Head {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How requests get to one origin: straight, through a tunnel, or by a proxy that forwards them. */
export interface Route {
  /** Keeps the connections. */
  readonly agent: HttpAgent;
  open(url: URL, head: Head): ClientRequest;
}

/** @param trusted certificates in place of those that Node trusts */
export function routeTo(origin: string, proxy: HttpProxy | undefined, trusted: SecureContext | undefined): Route {
  const tls = trusted === undefined ? {} : { secureContext: trusted };
  const isSecure = origin.startsWith('https:');
  if (proxy === undefined) return straight(isSecure, tls);
  return isSecure ? tunnelled(proxy, tls) : forwarded(proxy, tls);
}

function straight(isSecure: boolean, tls: Tls): Route {
  const agent = isSecure ? new HttpsAgent({ ...POOL, ...tls }) : new HttpAgent(POOL);
  const request = isSecure ? httpsRequest : httpRequest;
  return { agent, open: (url, head) => request(url, { ...head, agent }) };
}

function tunnelled(proxy: HttpProxy, tls: Tls): Route {
  const agent = new Tunnel(proxy, { ...POOL, ...tls });
  const open = (url: URL, head: Head) => {
    const opening = new AbortController();
    const options = { ...head, agent, wanted: opening.signal };
    return httpsRequest(url, options).once(GIVEN_UP, () => opening.abort());
  };
  return { agent, open };
}

/** To an origin without TLS: the proxy reads the requests and sends them on (RFC 9112, 3.2.2). */
function forwarded({ url: { protocol, hostname, port }, headers: own }: HttpProxy, tls: Tls): Route {
  const isSecure = protocol === 'https:';
  const agent = isSecure ? new HttpsAgent({ ...POOL, ...tls }) : new HttpAgent(POOL);
  const request = isSecure ? httpsRequest : httpRequest;
  const host = hostname.replace(/^\[|\]$/g, '');
  const open = (url: URL, { method, headers }: Head) =>
    request({ protocol, host, port, method, path: url.href, headers: { ...headers, host: url.host, ...own }, agent });
  return { agent, open };
}
