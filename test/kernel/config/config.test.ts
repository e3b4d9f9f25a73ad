import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig, configJsonSchema, loadConfig } from '../../../kernel/config/config.js';
import { defaultConfig } from '../../../kernel/config/default-config.js';
import { LIMITS } from '../../support/kernel.js';

const CORE = { id: 'a', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 2 } };
const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function faultsOf(input: unknown): string[] {
  try {
    checkConfig(input, 'eccos.yaml');
  } catch (error) {
    expect(error).toMatchObject({ name: 'SyscallError', code: 'invalid-config' });
    return (error as Error).message.split('\n');
  }
  throw new Error('Expected faults');
}

function load(text: string) {
  const file = join(folder, 'eccos.yaml');
  writeFileSync(file, text);
  return loadConfig(file);
}

test('cores are all that a config must say; every limit has its default', () => {
  const config = checkConfig({ cores: [CORE] }, 'test');
  expect(config).toMatchObject({ policy: 'fifo', auth: { tokens: [] }, log: { level: 'info' } });
  expect(config.listen).toEqual({
    host: '127.0.0.1',
    port: 8787,
    insecureLan: false,
    allowedOrigins: [],
    allowedHosts: [],
  });
  expect(config.limits).toEqual(LIMITS);
});

test('a part of a group keeps the defaults of the rest', () => {
  const limits = { sendBufferBytes: { slow: 1000 }, maxAgents: 5 };
  const config = checkConfig({ limits, cores: [CORE] }, 'test');
  expect(config.limits).toEqual({ ...LIMITS, maxAgents: 5, sendBufferBytes: { slow: 1000, close: 2 ** 22 } });
});

test('the embedded default has five simulated cores whose prices span a hundredfold', () => {
  const { cores } = defaultConfig();
  const prices = cores.map(({ price }) => price.outputPerMTok);
  expect(cores.every(({ kind }) => kind === 'simulated')).toBe(true);
  expect(cores).toHaveLength(5);
  expect(Math.max(...prices) / Math.min(...prices)).toBeGreaterThanOrEqual(100);
});

describe('a fault is reported with file, field, rule and value:', () => {
  test.each([
    ['no cores', {}, /^eccos.yaml: cores: .*array/],
    ['an empty list of cores', { cores: [] }, /^eccos.yaml: cores: .*got a list of 0$/],
    ['a core id twice', { cores: [CORE, CORE] }, /^eccos.yaml: cores.1.id: Expected every id once, got "a"$/],
    ['a core without price', { cores: [{ id: 'a', kind: 'simulated' }] }, /^eccos.yaml: cores.0.price: /],
    ['an unknown kind of core', { cores: [{ ...CORE, kind: 'magic' }] }, /^eccos.yaml: cores.0.kind: .*'simulated'/],
    ['an unknown member', { cores: [CORE], tokens: [] }, /"tokens"/],
    ['an unknown limit', { cores: [CORE], limits: { maxAgent: 1 } }, /^eccos.yaml: limits: .*"maxAgent"/],
    ['a text for a number', { cores: [CORE], limits: { maxAgents: '5' } }, /^eccos.yaml: limits.maxAgents: .*got "5"$/],
    ['a limit of 0', { cores: [CORE], limits: { pendingTotal: 0 } }, /^eccos.yaml: limits.pendingTotal: .*got 0$/],
    [
      'buffers the wrong way round',
      { cores: [CORE], limits: { sendBufferBytes: { slow: 2, close: 1 } } },
      /`slow` to be at most `close`/,
    ],
    ['an unknown policy', { cores: [CORE], policy: 'lottery' }, /^eccos.yaml: policy: .*fifo.*"lottery"/],
    ['a list', [CORE], /^eccos.yaml: Invalid input: .*got a list of 1$/],
    ['nothing', null, /^eccos.yaml: Invalid input: .*got null$/],
    ['an origin with a path', { cores: [CORE], listen: { allowedOrigins: ['https://a.example/x'] } }, /Origins.0: /],
    ['any origin', { cores: [CORE], listen: { allowedOrigins: ['*'] } }, /allowedOrigins.0: .*got "\*"$/],
    ['the origin null', { cores: [CORE], listen: { allowedOrigins: ['null'] } }, /allowedOrigins.0: .*got "null"$/],
    ['a host with a port', { cores: [CORE], listen: { allowedHosts: ['a.example:80'] } }, /allowedHosts.0: /],
  ])('%s', (_name, input, message) => {
    expect(faultsOf(input)).toEqual([expect.stringMatching(message)]);
  });

  test('all of them, one a line', () => {
    const faults = faultsOf({ cores: [CORE], seed: -1, listen: { port: 70_000 }, limits: { drainMs: 'soon' } });
    expect(faults.map((fault) => fault.split(': ')[1])).toEqual(['seed', 'listen.port', 'limits.drainMs']);
  });
});

test('names of Object.prototype are unknown members like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const input = JSON.parse(`{"cores":[${JSON.stringify(CORE)}],"limits":{"${name}":{"maxAgents":1}}}`);
    expect(faultsOf(input)).toEqual([expect.stringContaining(`"${name}"`)]);
  }
});

describe('a token', () => {
  const withToken = (token: object) => ({ cores: [CORE], auth: { tokens: [{ name: 'alice', ...token }] } });

  test.each([
    ['neither hash nor variable', {}],
    ['both', { sha256: 'a'.repeat(64), env: 'TOKEN' }],
  ])('with %s is refused', (_name, token) => {
    expect(faultsOf(withToken(token))).toEqual([
      'eccos.yaml: auth.tokens.0: Expected exactly one of sha256 and env, got an object',
    ]);
  });

  test('put in place of its hash or its variable is not repeated', () => {
    for (const field of ['sha256', 'env']) {
      const [fault] = faultsOf(withToken({ [field]: 'tok-secret-5ec2e7' }));
      expect(fault).toContain(`auth.tokens.0: Expected \`${field}\` to be`);
      expect(fault).not.toContain('secret');
    }
  });

  test('name comes once', () => {
    const token = { name: 'alice', env: 'A' };
    expect(faultsOf({ cores: [CORE], auth: { tokens: [token, { ...token, env: 'B' }] } })[0]).toContain(
      'every name once',
    );
  });
});

describe('a file', () => {
  test('is read as YAML', async () => {
    const config = await load(
      'policy: round-robin:timeSliceMs=50\ncores:\n  - { id: a, kind: simulated, price: { inputPerMTok: 1, outputPerMTok: 2 } }\n',
    );
    expect(config).toMatchObject({ policy: 'round-robin:timeSliceMs=50', cores: [{ id: 'a', cap: 8 }] });
  });

  test.each([
    ['no YAML', 'cores: [', /eccos.yaml: .*line/i],
    ['a member twice', 'seed: 1\nseed: 2\n', /eccos.yaml: Map keys must be unique/],
    ['an empty one', '', /eccos.yaml: Invalid input: .*got null/],
    ['a prototype', '__proto__: { seed: 1 }\n', /eccos.yaml: .*"__proto__"/],
  ])('with a fault is named: %s', async (_name, text, message) => {
    await expect(load(text)).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(message),
    });
  });

  test('that is not there is named', async () => {
    await expect(loadConfig(join(folder, 'none.yaml'))).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/none.yaml: ENOENT/),
    });
  });
});

test('the JSON Schema for editors explains every limit and says its default', () => {
  const schema = configJsonSchema() as { properties: Record<string, { properties?: Record<string, object> }> };
  const whole = checkConfig({ cores: [CORE], journal: { path: 'eccos.db' } }, 'test');
  expect(Object.keys(schema.properties).sort()).toEqual([...Object.keys(whole), 'cluster'].sort());
  const limits = schema.properties['limits']?.properties ?? {};
  const described = { default: expect.any(Number), description: expect.any(String) };
  for (const [name, value] of Object.entries(LIMITS)) {
    const shown = limits[name] as { properties?: Record<string, object> };
    const members = typeof value === 'number' ? { [name]: shown } : (shown.properties ?? {});
    expect(Object.keys(members)).toEqual(typeof value === 'number' ? [name] : Object.keys(value));
    for (const member of Object.values(members)) expect(member).toMatchObject(described);
  }
});

test.each<[object, RegExp]>([
  [{ redis: 'http://host' }, /cluster\.redis: Expected redis:\/\/ or rediss:\/\/ and a host, without a password/],
  [{ redis: 'redis://me:secret@host' }, /cluster\.redis: Expected redis:\/\//],
  [{ redis: 'redis://host', passwordEnv: 'not a name' }, /cluster\.passwordEnv: Expected the name of an environment/],
  [{ redis: 'redis://host', prefix: 'a:b' }, /cluster\.prefix: Expected 1 to 64 letters/],
  [{ redis: 'redis://host', leaseMs: 100 }, /cluster\.leaseMs: /],
])('the cluster %j is refused', (cluster, message) => {
  expect(() => checkConfig({ cores: [CORE], cluster }, 'x')).toThrow(message);
});

test('a cluster beside a journal in a file is refused', () => {
  const input = { cores: [CORE], cluster: { redis: 'redis://host' }, journal: { path: 'eccos.db' } };
  expect(() => checkConfig(input, 'x')).toThrow('x: cluster: Expected no journal beside it');
});
