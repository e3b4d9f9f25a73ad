import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SyscallError } from '../../../../syscalls/errors.js';
import type { HttpProxy } from './proxy.js';

/** Idle connections are dropped before servers usually drop them, so that few requests meet a closed one. */
const KEEP_ALIVE_MS = 4_000;
const POOL = { keepAlive: true, timeout: KEEP_ALIVE_MS };

/** Emitted on a request that was given up before it had a connection. */
export const GIVEN_UP = Symbol('given up');

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

type Tls = { readonly secureContext?: SecureContext };

function straight(isSecure: boolean, tls: Tls): Route {
  const agent = isSecure ? new HttpsAgent({ ...POOL, ...tls }) : new HttpAgent(POOL);
  const request = isSecure ? httpsRequest : httpRequest;
  return { agent, open: (url, head) => request(url, { ...head, agent }) };
}

/** To a TLS origin: the proxy sees its name, and nothing of the requests. */
function tunnelled(proxy: HttpProxy, tls: Tls): Route {
  const agent = new Tunnel(proxy, tls);
  return { agent, open: (url, head) => httpsRequest(url, { ...head, ...tls, agent }) };
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

/** Connections through a proxy, each opened by CONNECT (RFC 9110, 9.3.6). */
class Tunnel extends HttpsProxyAgent<string> {
  constructor({ url, headers }: HttpProxy, tls: Tls) {
    super(url, { ...POOL, ...tls, headers });
    // The library forgets it, and would keep idle connections for ever.
    this.options.timeout = KEEP_ALIVE_MS;
  }

  override async connect(
    request: ClientRequest,
    options: Parameters<HttpsProxyAgent<string>['connect']>[1],
  ): Promise<Socket> {
    const opening = new AbortController();
    request.once(GIVEN_UP, () => opening.abort());
    let status: number | undefined;
    request.once('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
      status = statusCode;
    });
    // The library reads it when it opens this connection, before it waits for anything.
    this.connectOpts = { ...this.connectOpts, signal: opening.signal };
    const socket = await super.connect(request, options);
    if (status === 200) return socket;
    // The library would hand the proxy's answer on as if it were the provider's.
    socket.destroy();
    throw new SyscallError('core-failed', `The proxy answered HTTP ${status} to CONNECT`);
  }
}
