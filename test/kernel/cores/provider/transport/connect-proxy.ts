import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Certificate } from '../../../../support/certificate.js';
import { listening } from './transport-world.js';

interface Asked {
  /** CONNECT, or the method of a request to be forwarded. */
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

interface Behaviour {
  /** Status of the answer to CONNECT; undefined: it never answers. @default 200 */
  readonly status?: number | undefined;
  /** Credentials that it wants, as user:password. */
  readonly credentials?: string;
}

/** An HTTP proxy that finds every name at one port of this machine. */
export async function connectProxy(upstreamPort: number, behaviour: Behaviour = {}, certificate?: Certificate) {
  const { status = 'status' in behaviour ? undefined : 200, credentials } = behaviour;
  const asked: Asked[] = [];
  let open = 0;
  const isWelcome = (headers: IncomingHttpHeaders) =>
    credentials === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = certificate === undefined ? createServer() : createHttps(certificate);
  server.on('connection', (socket: Socket) => {
    open++;
    socket.once('close', () => open--);
  });
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    asked.push({ method: 'CONNECT', target: url, headers });
    client.on('error', () => {});
    if (!isWelcome(headers)) {
      client.end('HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    if (status === undefined) {
      client.resume().once('end', () => client.end());
      return;
    }
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-type: text/plain\r\n\r\nnot here`);
      return;
    }
    const upstream = connect(upstreamPort, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    client.once('close', () => upstream.destroy());
  });
  server.on('request', (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    asked.push({ method, target: url, headers });
    if (!isWelcome(headers)) {
      response.writeHead(407).end();
      return;
    }
    const { pathname, search } = new URL(url);
    const { 'proxy-authorization': _, ...kept } = headers;
    const onward = request(
      { port: upstreamPort, host: '127.0.0.1', method, path: pathname + search, headers: kept },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  const { port } = await listening(server);
  return { asked, open: () => open, port, url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}` };
}
