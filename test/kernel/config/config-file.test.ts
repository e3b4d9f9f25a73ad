// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as config files have them
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { configJsonSchema, loadConfig, showConfig } from '../../../kernel/config/config.js';

const folder = mkdtempSync(join(tmpdir(), 'config-file-'));
const file = join(folder, 'eccos.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

type Env = Readonly<Record<string, string>>;

function load(text: string, env: Env = {}) {
  writeFileSync(file, text);
  return loadConfig(file, { env });
}

/** The faults of a file, without its name. */
async function faultsOf(text: string, env: Env = {}): Promise<string[]> {
  try {
    await load(text, env);
  } catch (error) {
    expect(error).toMatchObject({ name: 'SyscallError', code: 'invalid-config' });
    return (error as Error).message.split('\n').map((fault) => fault.replace(`${file}: `, ''));
  }
  throw new Error('Expected faults');
}

const CORES = 'cores: [{ id: a, kind: simulated, price: { inputPerMTok: 1, outputPerMTok: 2 } }]\n';

describe('merge keys', () => {
  const BASE =
    'kind: provider\n    model: m\n    baseUrl: http://127.0.0.1:1/v1\n    price: { inputPerMTok: 1, outputPerMTok: 2 }';
  const core = (more: string) => `cores:\n  - &base\n    id: a\n    ${BASE}\n  - id: b\n    ${more}\n`;

  test.each([
    ['take what is not there', '<<: *base', { id: 'b', model: 'm', price: { inputPerMTok: 1, outputPerMTok: 2 } }],
    ['keep what is there, before them', 'model: n\n    <<: *base', { id: 'b', model: 'n' }],
    ['and behind them', '<<: *base\n    model: n', { id: 'b', model: 'n' }],
    [
      'merge no deeper',
      '<<: *base\n    price: { inputPerMTok: 3, outputPerMTok: 4 }',
      { price: { inputPerMTok: 3, outputPerMTok: 4 } },
    ],
    ['take the first of several', '<<: [{ model: first }, *base]', { id: 'b', model: 'first' }],
  ])('%s', async (_name, more, expected) => {
    const { cores } = await load(core(more));
    expect(cores).toMatchObject([{ id: 'a', model: 'm' }, expected]);
  });

  test('of parts that stand apart under x-, which is no member of the config', async () => {
    const parts =
      'x-price: &price { inputPerMTok: 1, outputPerMTok: 2 }\nx-cores:\n  fast: &fast { kind: simulated, price: *price, cap: 3 }\n';
    const text = `${parts}cores:\n  - { id: a, <<: *fast }\n  - { <<: *fast, id: b, cap: 4 }\n`;
    expect((await load(text)).cores).toMatchObject([
      { id: 'a', cap: 3 },
      { id: 'b', cap: 4, price: { outputPerMTok: 2 } },
    ]);
    expect(configJsonSchema()).toMatchObject({ patternProperties: { '^x-': {} } });
    expect(await faultsOf(`${CORES}y-price: 1\n`)).toEqual([expect.stringContaining('"y-price"')]);
  });

  test.each([
    ['a number', '<<: 5'],
    ['an anchor that there is not', '<<: *nothing'],
    ['a list that is no list of maps', '<<: [1]'],
  ])('that merge %s are named', async (_name, more) => {
    expect(await faultsOf(core(more))).toEqual([expect.stringMatching(/<</)]);
  });
});

describe('the environment', () => {
  const ENV = { PORT: '9001', HOST: 'localhost', ON: 'true', EMPTY: '', MODEL: '8', NAME: 'west', ODD: 'a: [b # c' };

  test.each([
    ['a number', 'listen: { port: ${PORT} }', { listen: { port: 9001 } }],
    ['a truth value', 'listen: { insecureLan: ${ON} }', { listen: { insecureLan: true } }],
    ['a text', 'listen: { host: ${HOST} }', { listen: { host: 'localhost' } }],
    [
      'a part of a text',
      'listen: { allowedHosts: ["${NAME}.${HOST}"] }',
      { listen: { allowedHosts: ['west.localhost'] } },
    ],
    ['a part of a number', 'listen: { port: 1${MODEL}00 }', { listen: { port: 1800 } }],
    ['a default', 'listen: { port: ${NO_PORT:-8000} }', { listen: { port: 8000 } }],
    ['a default for what is empty', 'listen: { port: ${EMPTY:-8000} }', { listen: { port: 8000 } }],
    ['no default for what is set', 'listen: { port: ${PORT:-8000} }', { listen: { port: 9001 } }],
    ['a default within a default', 'listen: { host: "${NO:-${NEITHER:-${HOST}}}" }', { listen: { host: 'localhost' } }],
    [
      'an empty text where it may be',
      'listen: { allowedHosts: ["a${EMPTY}b", "${EMPTY-x}c"] }',
      { listen: { allowedHosts: ['ab', 'c'] } },
    ],
    ['a default of a dash', 'listen: { host: "${NO-a-b}" }', { listen: { host: 'a-b' } }],
    [
      'nothing of what has no braces',
      'auth: { tokens: [{ name: a, env: A, tenant: "$HOST a$" }] }',
      { auth: { tokens: [{ tenant: '$HOST a$' }] } },
    ],
    [
      'nothing of what is escaped',
      'auth: { tokens: [{ name: a, env: A, tenant: "$${HOST} $$" }] }',
      { auth: { tokens: [{ tenant: '${HOST} $' }] } },
    ],
    [
      'what looks like YAML as a text',
      'auth: { tokens: [{ name: a, env: A, tenant: "${ODD}" }] }',
      { auth: { tokens: [{ tenant: 'a: [b # c' }] } },
    ],
    [
      'what looks like YAML as a text, without quotes',
      'auth: { tokens: [{ name: a, env: A, tenant: ${ODD} }] }',
      { auth: { tokens: [{ tenant: 'a: [b # c' }] } },
    ],
    [
      'a text in quotes that looks like a number',
      'auth: { tokens: [{ name: "${MODEL}", env: A }] }',
      { auth: { tokens: [{ name: '8' }] } },
    ],
  ])('gives %s', async (_name, text, expected) => {
    expect(await load(`${CORES}${text}\n`, ENV)).toMatchObject(expected);
  });

  test('reaches parts that are merged', async () => {
    const text =
      'x-core: &core { kind: simulated, cap: ${CAP}, price: { inputPerMTok: 1, outputPerMTok: 2 } }\ncores: [{ id: a, <<: *core }]\n';
    expect((await load(text, { CAP: '5' })).cores).toMatchObject([{ id: 'a', cap: 5 }]);
  });

  test('does not give keys, and comments need none', async () => {
    expect(await faultsOf(`${CORES}\${HOST}: 1 # \${NOT_SET}\n`, ENV)).toEqual([expect.stringContaining('"${HOST}"')]);
  });

  test('that lacks a variable is a fault by field and name, all of them at once', async () => {
    const text =
      'cores:\n  - id: a\n    kind: provider\n    model: ${MODEL_A}\n    baseUrl: "https://${HOST_A}/v1"\nlisten: { port: ${PORT} }\n';
    expect(await faultsOf(text)).toEqual([
      'cores.0.model: Expected the environment variable MODEL_A to be set, or ${MODEL_A:-default}',
      'cores.0.baseUrl: Expected the environment variable HOST_A to be set, or ${HOST_A:-default}',
      'listen.port: Expected the environment variable PORT to be set, or ${PORT:-default}',
    ]);
    expect(await faultsOf(`${CORES}policy: "\${A:-\${B}}"\n`)).toEqual([
      expect.stringMatching(/^policy: .* B to be set/),
    ]);
  });

  test.each([
    '${',
    '${}',
    '${A',
    '${1A}',
    '${A B}',
    '${A:+x}',
    'x${A:-b',
    '${A:-${B}',
  ])('that is wrongly asked for is a fault: %s', async (policy) => {
    expect(await faultsOf(`${CORES}policy: '${policy}'\n`, { A: 'secret' })).toEqual([
      'policy: Expected ${NAME} or ${NAME:-default}, and $$ for a dollar sign',
    ]);
  });

  test.each([
    ['a wrong number', 'listen: { port: ${KEY} }', /^listen.port: .*got "\$\{KEY\}"$/],
    ['a policy', 'policy: ${KEY}', /^policy: Expected one of the policies/],
    ['a parameter of a policy', 'policy: eccos:alpha=${KEY}', /^policy: /],
    ['a part of a text', 'listen: { host: "" , allowedHosts: ["x/${KEY}"] }', /^listen/],
    ['a level', 'log: { level: ${KEY} }', /^log.level: .*got "\$\{KEY\}"$/],
    ['a key in place of its variable', 'auth: { tokens: [{ name: a, env: ${KEY} }] }', /^auth.tokens.0: /],
    ['a name', 'auth: { tokens: [{ name: "${KEY} ", env: A }] }', /^auth.tokens.0.name: /],
  ])('is never repeated in a message: %s', async (_name, text, message) => {
    const faults = await faultsOf(`${CORES}${text}\n`, { KEY: 'sk-5ec2e7' });
    expect(faults.join('\n')).not.toContain('5ec2e7');
    expect(
      faults.some((fault) => message.test(fault)),
      faults.join('\n'),
    ).toBe(true);
  });

  test('is not shown either, and what is shown is a config that loads', async () => {
    const text = `${CORES}listen: { port: \${PORT}, allowedHosts: ["\${KEY}.example", plain] }\nauth: { tokens: [{ name: a, env: A, tenant: "$\${x} \${KEY:-none}" }] }\n`;
    const env = { PORT: '9001', KEY: 'sk-5ec2e7' };
    const loaded = await load(text, env);
    const shown = stringify(await showConfig(file, { env }));
    expect(shown).not.toContain('5ec2e7');
    expect(shown).toContain('port: ${PORT}\n');
    expect(shown).toContain('handshakeTimeoutMs: 5000\n');
    expect(await load(shown, env)).toEqual(loaded);
    expect(loaded).toMatchObject({ listen: { port: 9001, allowedHosts: ['sk-5ec2e7.example', 'plain'] } });
  });

  test('of the process is the default', async () => {
    process.env['ECCOS_TEST_PORT'] = '9123';
    try {
      writeFileSync(file, `${CORES}listen: { port: \${ECCOS_TEST_PORT} }\n`);
      expect(await loadConfig(file)).toMatchObject({ listen: { port: 9123 } });
    } finally {
      delete process.env['ECCOS_TEST_PORT'];
    }
  });
});
