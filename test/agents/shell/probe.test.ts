import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { FakeOpenAI } from '../../support/fake-openai.js';
import type { FakeReply } from '../../support/fake-reply.js';
import { eccos } from './eccos.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-probe-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const CANARY = 'sk-canary-1';
const PRICE = { inputPerMTok: 1, outputPerMTok: 2 };

/** Probes a config with these cores, one a reply of a fake provider; a core may be more than that. */
async function probe(replies: Record<string, FakeReply>, more: readonly object[] = []) {
  const fake = await FakeOpenAI.start(({ model }) => replies[model] ?? {});
  onTestFinished(() => fake.stop());
  const known = Object.keys(replies).map((id) => ({
    id,
    model: id,
    baseUrl: fake.baseUrl,
    apiKeyEnv: 'PROBE_KEY',
    firstTokenTimeoutMs: id === 'hung' ? 400 : 60_000,
  }));
  const cores = [...known, ...more].map((core) => ({ kind: 'provider', model: 'm', price: PRICE, ...core }));
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, JSON.stringify({ cores }));
  const ended = await eccos(['config', 'check', '--probe', file], { PROBE_KEY: CANARY, NO_KEY: undefined });
  expect(ended.stdout + ended.stderr).not.toContain(CANARY);
  const [valid, ...lines] = ended.stdout.trimEnd().split('\n');
  expect(valid).toMatch(/: valid, \d+ cores?, policy fifo$/);
  return { ...ended, lines, fake };
}

const status = (code: number): FakeReply => ({
  fault: { kind: 'status', status: code, body: `{"error":"${CANARY}"}` },
});

test('a probe asks each provider for one token', async () => {
  const { code, lines, stderr, fake } = await probe({ one: {}, two: { finishReason: 'length' } });
  expect([code, stderr]).toEqual([0, '']);
  expect(lines).toEqual([expect.stringMatching(/^one: ok, \d+ ms$/), expect.stringMatching(/^two: ok, \d+ ms$/)]);
  expect(fake.requests).toHaveLength(2);
  expect(fake.requests[0]).toMatchObject({ body: { max_tokens: 1 }, headers: { authorization: `Bearer ${CANARY}` } });
});

test('a dead core is named with its class, what came back, and what to do', async () => {
  const { code, lines } = await probe(
    {
      well: {},
      key: status(401),
      model: status(404),
      full: status(429),
      odd: status(422),
      broken: status(503),
      hung: { fault: { kind: 'hang' } },
      cut: { fault: { kind: 'cut', after: 0 } },
      moved: { fault: { kind: 'redirect', to: 'https://elsewhere.test/' } },
    },
    [
      { id: 'away', baseUrl: 'http://127.0.0.1:9/v1' },
      { id: 'nowhere', baseUrl: 'https://no-such-host.invalid/v1' },
      { id: 'keyless', baseUrl: 'http://127.0.0.1:9/v1', apiKeyEnv: 'NO_KEY' },
      { id: 'ca', baseUrl: 'https://127.0.0.1:9/v1', ca: 'no-such.pem' },
      { id: 'proxied', baseUrl: 'https://llm.test/v1', proxy: `http://me:${CANARY}@127.0.0.1:9` },
    ],
  );
  expect(code).toBe(1);
  const expected: Record<string, RegExp> = {
    well: /^ok, \d+ ms$/,
    key: /^config: .*HTTP 401.*; check the key in `apiKeyEnv`/,
    model: /^config: .*HTTP 404.*; check `model` and `baseUrl`$/,
    full: /^overload: .*HTTP 429.*; a limit is reached/,
    odd: /^request: .*HTTP 422.*; check `provider`/,
    broken: /^provider: .*HTTP 503.*; try again later$/,
    hung: /^provider: The provider was silent for 400 ms; check `baseUrl`/,
    cut: /^provider: .*without its end mark; check/,
    moved: /^config: .*redirects.*; check `baseUrl`$/,
    away: /^provider: .*ECONNREFUSED; check `baseUrl`, and whether it runs$/,
    nowhere: /^provider: .*(ENOTFOUND|EAI_AGAIN); check the host/,
    keyless: /^config: Expected the environment variable NO_KEY to hold a key; set it$/,
    ca: /^config: Expected `ca` .*ENOENT.*; mend it$/,
    proxied: /^provider: .*ECONNREFUSED/,
  };
  expect(lines.map((line) => line.split(':')[0])).toEqual(Object.keys(expected));
  for (const [id, pattern] of Object.entries(expected)) {
    expect(lines.find((line) => line.startsWith(`${id}: `))?.slice(id.length + 2)).toMatch(pattern);
  }
});

test('all are asked at once', async () => {
  const fake = await FakeOpenAI.start(() => ({ fault: { kind: 'hang' } }));
  onTestFinished(() => fake.stop());
  const cores = ['a', 'b', 'c'].map((id) => ({
    ...{ kind: 'provider', id, model: id, baseUrl: fake.baseUrl, price: PRICE, firstTokenTimeoutMs: 4_000 },
  }));
  const file = join(folder, 'at-once.yaml');
  writeFileSync(file, JSON.stringify({ cores }));
  const ended = eccos(['config', 'check', '--probe', file]);
  await expect.poll(() => fake.running, { interval: 5 }).toBe(3);
  expect((await ended).stdout.match(/was silent for 4000 ms/g)).toHaveLength(3);
});

test('a config without providers has nobody to ask; a faulty one is not probed', async () => {
  const file = join(folder, 'simulated.yaml');
  const core = { kind: 'simulated', id: 's', price: PRICE };
  writeFileSync(file, JSON.stringify({ cores: [core] }));
  const { code, stdout } = await eccos(['config', 'check', '--probe', file]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/no core has a provider to ask\n$/);
  writeFileSync(file, JSON.stringify({ seed: -1, cores: [core] }));
  expect(await eccos(['config', 'check', '--probe', file])).toMatchObject({ code: 1, stdout: '' });
});
