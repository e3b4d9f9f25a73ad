import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { CoreError } from '../../core.js';
import type { HttpProxy } from './proxy.js';

type Done = (error: Error | null, socket: Duplex) => void;

interface TunnelOptions extends RequestOptions {
  /** Aborted when nobody waits for the connection any more. */
  readonly wanted?: AbortSignal;
  readonly secureContext?: SecureContext;
}

/** Connections to TLS origins through a proxy, each opened by CONNECT (RFC 9110, 9.3.6). The proxy sees the origin's name and nothing of the requests. */
export class Tunnel extends HttpsAgent {
  readonly #proxy: HttpProxy;

  constructor(proxy: HttpProxy, options: ConstructorParameters<typeof HttpsAgent>[0]) {
    super(options);
    this.#proxy = proxy;
  }

  /** @throws CoreError `core-failed` for a proxy that refuses: its answer is not the provider's */
  override createConnection(options: TunnelOptions, done: Done): undefined {
    // The type has no place for an error without a socket.
    const fail = done as (error: Error) => void;
    const connect = this.#connect(options);
    connect.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        done(null, super.createConnection({ ...options, socket } as RequestOptions) as Duplex);
        return;
      }
      socket.destroy();
      // A proxy that is asked rightly does not answer 4xx: it wants credentials, or lets nobody through to there.
      const faultClass = statusCode < 500 ? 'config' : 'provider';
      fail(new CoreError('core-failed', `The proxy answered HTTP ${statusCode} to CONNECT`, { class: faultClass }));
    });
    connect.once('error', fail);
    connect.end();
  }

  #connect({ host, port, wanted, secureContext }: TunnelOptions): ClientRequest {
    const { url, headers } = this.#proxy;
    const authority = `${isIPv6(host ?? '') ? `[${host}]` : host}:${port}`;
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return request(url, {
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...headers },
      agent: false,
      ...(wanted === undefined ? {} : { signal: wanted }),
      ...(secureContext === undefined ? {} : { secureContext }),
    });
  }
}
