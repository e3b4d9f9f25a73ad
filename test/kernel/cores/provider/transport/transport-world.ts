import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import { realClock } from '../../../../../kernel/clock.js';
import type { CoreDeps } from '../../../../../kernel/cores/core-deps.js';
import { providerConfig } from '../../../../../kernel/cores/provider/model/provider-config.js';
import type { HttpResponse } from '../../../../../kernel/cores/provider/transport/http-response.js';
import { openTransport } from '../../../../../kernel/cores/provider/transport/open-transport.js';
import type { Transport } from '../../../../../kernel/cores/provider/transport/transport.js';
import type { Certificate } from '../../../../support/certificate.js';

/** A server on a free port of 127.0.0.1, until the test is over. */
export async function listening<Kind extends TcpServer>(server: Kind): Promise<{ server: Kind; port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A provider that answers as `listener` says; with a certificate, over TLS. */
export async function provider(listener: RequestListener, certificate?: Certificate) {
  const server: Server = certificate === undefined ? createHttp(listener) : createHttps(certificate, listener);
  const { port } = await listening(server);
  return { server, port, url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1` };
}

/** A provider that sees the bytes of each connection. */
export async function rawProvider(onConnection: (socket: Socket, index: number) => void, certificate?: Certificate) {
  let count = 0;
  const serve = (socket: Socket) => {
    socket.on('error', () => {});
    onConnection(socket, count++);
  };
  const server = certificate === undefined ? createTcp(serve) : createTls(certificate, serve);
  const { port } = await listening(server);
  const connections = () => count;
  return { connections, url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1` };
}

/** The transport of a core with this config, until the test is over. */
export async function transportTo(
  baseUrl: string,
  config: object = {},
  deps: Partial<CoreDeps> = {},
): Promise<Transport> {
  const decoded = providerConfig.parse({
    kind: 'provider',
    id: 'core',
    model: 'm',
    price: { inputPerMTok: 1, outputPerMTok: 2 },
    baseUrl,
    ...config,
  });
  const transport = await openTransport(decoded, { clock: realClock, seed: 1, env: {}, ...deps });
  onTestFinished(() => transport.close());
  return transport;
}

/** Sends a request. */
export function post(transport: Transport, url: string, signal?: AbortSignal, body = '{}'): Promise<HttpResponse> {
  const headers = { 'content-type': 'application/json' };
  return transport.fetch(`${url}/chat`, { method: 'POST', headers, body, ...(signal === undefined ? {} : { signal }) });
}

/** Sends a request, and reads the answer. */
export async function ask(transport: Transport, url: string, body?: string): Promise<string> {
  return (await post(transport, url, undefined, body)).text();
}
