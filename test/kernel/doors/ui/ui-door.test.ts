import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BootedKernel, bootKernel } from '../../../../kernel/boot.js';
import { checkConfig } from '../../../../kernel/config/config.js';
import { kernelView } from '../../../../syscalls/watch.js';

const CORE = { kind: 'simulated', id: 'a', cap: 1, price: { inputPerMTok: 1, outputPerMTok: 1 } };
const TOKENS = [
  { name: 'ann', env: 'ANN' },
  { name: 'shy', env: 'SHY', methods: ['llm.chat'] },
];

let kernel: BootedKernel;
let address: string;
beforeAll(async () => {
  const config = checkConfig({ cores: [CORE], listen: { port: 0 }, auth: { tokens: TOKENS } }, 'the test');
  kernel = await bootKernel(config, { env: { ANN: 'canary-ann', SHY: 'canary-shy' }, log: pino({ level: 'silent' }) });
  address = (await kernel.listen()).url.replace('ws:', 'http:');
});
afterAll(() => kernel.stop());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(address + path, { headers, method, redirect: 'manual' });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('every file that the page names is there, for everybody, under a policy that lets nothing else in', async () => {
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await get(path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await response.text();
    const names = [...text.matchAll(/(?:href|src|from) ?=? ?["']((?:\.\/)?[a-z]+\.(?:js|css|svg))["']/g)];
    for (const [, name = ''] of names) await visit(`/ui/${name.replace('./', '')}`);
  };
  await visit('/ui/');
  expect(seen.size).toBe(12);
});

test('a file is sent once, and then only when it is another one', async () => {
  const first = await get('/ui/main.js');
  expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const again = await get('/ui/main.js', { 'if-none-match': first.headers.get('etag') ?? '' });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test.each([
  '/ui/nothing.js',
  '/ui/../package.json',
  '/ui/%2e%2e/package.json',
  '/ui//etc/passwd',
  '/ui/main.js/',
])('%s is not there', async (path) => {
  const { status } = await get(path);
  expect(status === 404 || status === 426).toBe(true);
});

test('the address without its slash leads to the page', async () => {
  const response = await get('/ui');
  expect([response.status, response.headers.get('location')]).toEqual([308, '/ui/']);
});

test('a view can be polled with a token that may watch', async () => {
  expect((await get('/v1/eccos/view')).status).toBe(401);
  expect((await get('/v1/eccos/view', bearer('canary-shy'))).status).toBe(403);
  const response = await get('/v1/eccos/view', bearer('canary-ann'));
  expect(kernelView.parse(await response.json())).toMatchObject({ full: true, cores: { rows: [{ id: 'a', cap: 1 }] } });
  const head = await get('/v1/eccos/view', bearer('canary-ann'), 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('pages of this address may ask it, those of another port may not', async () => {
  expect((await get('/ui/', { origin: address })).status).toBe(200);
  expect((await get('/ui/', { origin: 'http://127.0.0.1:1' })).status).toBe(403);
  expect((await get('/ui/', { origin: 'null' })).status).toBe(403);
  expect((await get('/ui/', { origin: address.replace('http', 'https') })).status).toBe(403);
});
