import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createSecureContext } from 'node:tls';
import { expect, test } from 'vitest';
import { parseProxy } from '../../../../../kernel/cores/provider/transport/proxy.js';
import { routeTo } from '../../../../../kernel/cores/provider/transport/route.js';
import { certificateFor, NO_OPENSSL } from '../../../../support/certificate.js';
import { connectProxy } from './connect-proxy.js';
import { provider } from './transport-world.js';

const certificate = certificateFor('IP:127.0.0.1');

test.for([
  ['straight', false, false],
  ['straight over TLS', true, false],
  ['forwarded', false, true],
  ['through a tunnel', true, true],
] as const)('a connection that goes %s is kept for 4 s, and closed with its agent', async ([_, isSecure, isProxied], {
  skip,
}) => {
  if (isSecure && certificate === undefined) return skip(NO_OPENSSL);
  const { port, url } = await provider((_, response) => response.end('ok'), isSecure ? certificate : undefined);
  const proxy = isProxied ? parseProxy((await connectProxy(port)).url) : undefined;
  const trusted = isSecure ? createSecureContext({ ca: certificate?.cert }) : undefined;
  const { agent, open } = routeTo(new URL(url).origin, proxy, trusted);
  const request = open(new URL(url), { method: 'POST', headers: {} });
  request.end('{}');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response.resume(), 'close');
  await expect.poll(() => Object.values(agent.freeSockets).flat().length, { interval: 2 }).toBe(1);
  const [socket] = Object.values(agent.freeSockets).flat();
  expect(socket?.timeout).toBe(4_000);
  agent.destroy();
  expect(socket?.destroyed).toBe(true);
});
