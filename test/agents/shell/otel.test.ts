import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { connect } from '../../../agents/sdk/client.js';
import { bootShell, Shell } from './eccos.js';

/** Node's module loader, to which the SDK is not installed. */
const WITHOUT_SDK = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/sdk')) throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }
  \`));
`)}`;

test('eccos boot --otel sends spans to the collector that the environment names, the last ones when it stops', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(`${request.url} ${Buffer.concat(chunks)}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_SERVICE_NAME: 'my-kernel' };
  const { shell, url } = await bootShell(['--otel'], env);
  const agent = await connect({ url, name: 'ann', reconnect: false });
  await agent.chat({ messages: [{ role: 'user', content: 'CANARY' }], cores: ['tiny'], maxTokens: 5 });
  await agent.close();
  shell.signal('SIGTERM');
  expect(await shell.ended()).toMatchObject({ code: 0 });
  collector.close();
  const sent = bodies.join('\n');
  expect(sent).toMatch(/^\/v1\/traces /);
  for (const text of ['my-kernel', 'chat tiny', 'gen_ai.agent.name', 'ann']) expect(sent).toContain(text);
  expect(sent).not.toContain('CANARY');
});

test('eccos boot --otel says what to install where the SDK is missing', async () => {
  const shell = new Shell(['boot', '--port', '0', '--otel'], {}, ['--import', WITHOUT_SDK]);
  const { code, stderr } = await shell.ended();
  expect(code).toBe(1);
  expect(stderr).toBe(
    'eccos: --otel: Expected packages that are not installed; run npm install @opentelemetry/sdk-trace-base @opentelemetry/exporter-trace-otlp-http\n',
  );
});
