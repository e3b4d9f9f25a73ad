import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { type BootedKernel, bootKernel } from '../../../../kernel/boot.js';
import { checkConfig } from '../../../../kernel/config/config.js';

const CORE = { kind: 'simulated', id: 'a', cap: 1, price: { inputPerMTok: 1, outputPerMTok: 1 } };
const TOKENS = {
  tokens: [
    { name: 'root', env: 'ROOT', operator: true },
    { name: 'ann', env: 'ANN' },
  ],
};

const booted: BootedKernel[] = [];
afterEach(async () => {
  await Promise.all(booted.splice(0).map((kernel) => kernel.stop()));
});

/** Boots a kernel. @returns gets a path of it */
async function served(more: object) {
  const config = checkConfig({ cores: [CORE], listen: { port: 0 }, ...more }, 'the test');
  const env = { ROOT: 'canary-root', ANN: 'canary-ann' };
  const kernel = await bootKernel(config, { env, log: pino({ level: 'silent' }) });
  booted.push(kernel);
  const url = (await kernel.listen()).url.replace('ws:', 'http:');
  return (path: string, token?: string) =>
    fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
}

describe('GET /metrics', () => {
  test.each([
    ['without tokens, everybody', {}, { none: 200 }],
    ['an operator alone', { auth: TOKENS }, { none: 401, 'canary-ann': 403, 'canary-root': 200 }],
    ['everybody, where it is open', { auth: TOKENS, telemetry: { metrics: 'open' } }, { none: 200, 'canary-ann': 200 }],
    ['nobody, where it is off', { telemetry: { metrics: 'off' } }, { none: 426 }],
  ])('is read by %s', async (_name, config, expected) => {
    const get = await served(config);
    for (const [token, status] of Object.entries(expected)) {
      const response = await get('/metrics', token === 'none' ? undefined : token);
      expect([token, response.status]).toEqual([token, status]);
      const text = await response.text();
      expect(text).not.toContain('canary');
      if (status === 200) expect(text).toContain('eccos_core_cap{core="a"} 1');
    }
  });
});

describe('health', () => {
  test('needs no token', async () => {
    const get = await served({ auth: TOKENS });
    for (const path of ['/healthz', '/readyz']) {
      const response = await get(path);
      expect([response.status, await response.json()]).toEqual([200, { status: 'ok', reasons: [] }]);
    }
  });

  test('a kernel of which no core is up serves, and is not ready', async () => {
    const get = await served({ cores: [{ ...CORE, cap: 0 }] });
    expect((await get('/healthz')).status).toBe(200);
    const response = await get('/readyz');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'unavailable', reasons: ['no core is up'] },
    ]);
  });
});
