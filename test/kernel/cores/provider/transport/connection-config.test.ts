import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { providerConfig } from '../../../../../kernel/cores/provider/model/provider-config.js';
import { connectionFields } from '../../../../../kernel/cores/provider/transport/connection-config.js';
import { describeIssues } from '../../../../../syscalls/protocol.js';

const BASE = { kind: 'provider', id: 'a', model: 'm', price: { inputPerMTok: 1, outputPerMTok: 2 } };
const AT = 'https://api.test/v1';

/** What is wrong with a config, a line each. */
function faultsOf(config: object): readonly string[] {
  const input = { ...BASE, ...config };
  const decoded = providerConfig.safeParse(input);
  return decoded.success ? [] : describeIssues(decoded.error, input, 'core');
}

test.each<[string, object]>([
  ['headers', { headers: { 'X-Team': 'blue; a="b"', 'helicone-auth': 'Bearer sk-1', 'user-agent': 'us/1' } }],
  ['a header of Azure', { headers: { 'api-key': 'k' }, query: { 'api-version': '2026-01-01' } }],
  ['another provider’s header', { headers: { 'x-api-key': 'k' } }],
  ['parameters', { query: { 'api-version': '', key: 'a&b=c ü' } }],
  ['no stream_options', { streamOptions: false }],
  ['a proxy', { proxy: 'http://me:secret@proxy.test:3128' }],
  ['no proxy', { proxy: false }],
  ['http on another machine', { baseUrl: 'http://gpu-1.internal:8000/v1', allowHttp: true }],
  ['http at a private address', { baseUrl: 'http://10.0.0.7:8000/v1', allowHttp: true }],
  ['one key', { apiKeyEnv: 'KEY' }],
  ['one key in a list', { apiKeyEnv: ['KEY'] }],
  ['several keys', { apiKeyEnv: ['KEY_A', 'KEY_B', 'KEY_C'] }],
  ['an account', { provider: 'openai', apiKeyEnv: 'KEY', organization: 'org-1', project: 'proj_2' }],
])('a core may have %s', (_, config) => {
  expect(faultsOf({ baseUrl: AT, ...config })).toEqual([]);
});

test('without any of it a core is as before', () => {
  expect(providerConfig.parse({ ...BASE, baseUrl: AT })).toMatchObject({
    allowHttp: false,
    headers: {},
    query: {},
    streamOptions: true,
  });
});

describe('a fault names field, rule and value, and shows no secret:', () => {
  const KEY = 'sk-canary';
  const hidden = ', got a value that is not shown$';

  test.each<[object, string]>([
    [
      { headers: { Authorization: KEY } },
      'core.headers.Authorization: .*"authorization", which carries the key .*`apiKeyEnv`',
    ],
    [{ headers: { 'Proxy-Authorization': KEY } }, 'core.headers.Proxy-Authorization: .*credentials of the proxy'],
    [{ headers: { HOST: 'canary' } }, 'core.headers.HOST: .*"host", which the kernel sets itself, got "HOST"$'],
    [{ headers: { 'content-length': '7' } }, 'core.headers.content-length: .*got "content-length"$'],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, 'core.headers.Transfer-Encoding: '],
    [{ headers: { connection: 'close' } }, 'core.headers.connection: '],
    [{ headers: { 'Accept-Encoding': 'gzip' } }, 'core.headers.Accept-Encoding: '],
    [{ headers: { 'content-type': 'text/plain' } }, 'core.headers.content-type: '],
    [
      { provider: 'anthropic', apiKeyEnv: 'K', headers: { 'X-Api-Key': KEY } },
      'core.headers.X-Api-Key: .*carries the key',
    ],
    [{ provider: 'google', apiKeyEnv: 'K', headers: { 'x-goog-api-key': KEY } }, 'core.headers.x-goog-api-key: '],
    [{ headers: { [`Authorization: ${KEY}`]: '' } }, 'core.headers: Expected names .*, got a name of 24 characters$'],
    [{ headers: { '': KEY } }, 'core.headers: Expected names .*, got a name of 0 characters$'],
    [{ headers: { 'a b': KEY } }, 'core.headers: Expected names .*, got a name of 3 characters$'],
    [{ headers: { a: `${KEY}\r\nx-evil: 1` } }, `core.headers.a: Expected visible ASCII.*${hidden}`],
    [{ headers: { a: `${KEY} ü` } }, `core.headers.a: Expected visible ASCII.*${hidden}`],
    [{ headers: { a: ` ${KEY}` } }, `core.headers.a: Expected visible ASCII, without spaces around it${hidden}`],
    [{ headers: { a: '' } }, 'core.headers.a: '],
    [{ headers: { a: 7_531_246 } }, `core.headers.a: Expected text${hidden}`],
    [{ headers: { a: [KEY] } }, `core.headers.a: Expected text${hidden}`],
    [{ headers: [KEY] }, 'core.headers: .*expected record, got a list of 1'],
    [{ headers: { 'X-a': '1', 'x-A': '2' } }, 'core.headers.x-A: Expected every header once, got "x-a" twice$'],
    [{ query: { '': KEY } }, 'core.query: .*got an empty one$'],
    [{ query: { a: 7_531_246 } }, `core.query.a: Expected text${hidden}`],
    [{ provider: 'google', apiKeyEnv: 'K', query: { key: KEY } }, 'core.query.key: .*carries the key .*got "key"$'],
    [{ provider: 'google', apiKeyEnv: 'K', query: { alt: 'json' } }, 'core.query.alt: .*sets itself, got "alt"$'],
    [
      { organization: 'org-1' },
      'core: Expected `organization` and `project` with provider openai only, got openai-compatible',
    ],
    [
      { provider: 'anthropic', apiKeyEnv: 'K', project: 'p' },
      'core: .*`project` with provider openai only, got anthropic',
    ],
    [{ provider: 'openai', apiKeyEnv: 'K', organization: 'a b' }, 'core.organization: Expected 1 to 128 visible'],
    [
      { provider: 'google', apiKeyEnv: 'K', streamOptions: false },
      'core: .*`streamOptions: false` with .*, got google',
    ],
    [{ streamOptions: 'no' }, 'core.streamOptions: .*boolean, got "no"'],
    [{ proxy: `socks5://me:${KEY}@proxy.test` }, `core.proxy: Expected an http or https URL of a proxy.*${hidden}`],
    [{ proxy: `http://me:${KEY}@proxy.test/path` }, `core.proxy: .*${hidden}`],
    [{ proxy: true }, `core.proxy: .*, or false${hidden}`],
    [{ proxy: { url: KEY } }, `core.proxy: .*${hidden}`],
    [{ ca: '' }, 'core.ca: '],
    [{ ca: [KEY] }, `core.ca: Expected the path of a PEM file.*${hidden}`],
    [{ allowHttp: 'yes' }, 'core.allowHttp: .*boolean, got "yes"'],
    [{ baseUrl: 'http://gpu-1.internal/v1' }, 'core: Expected `baseUrl` to be an https URL .*`allowHttp: true`'],
    [{ baseUrl: 'ftp://gpu-1.internal/v1', allowHttp: true }, 'core: Expected `baseUrl` to be an https URL'],
    [{ baseUrl: `https://me:${KEY}@api.test`, allowHttp: true }, 'core: Expected `baseUrl` .* user name'],
    [{ baseUrl: `${AT}?key=${KEY}` }, 'core: Expected `baseUrl` .*`query`'],
    [{ apiKeyEnv: KEY }, `core: Expected \`apiKeyEnv\` to be the name of an environment variable.*${hidden}`],
    [{ apiKeyEnv: ['A', KEY] }, `core: Expected \`apiKeyEnv\` to be a list, each the name of .*${hidden}`],
    [{ apiKeyEnv: [] }, 'core.apiKeyEnv: '],
    [{ apiKeyEnv: ['A', 'B', 'A'] }, 'core: Expected `apiKeyEnv` to hold every name once, got one twice$'],
    [{ apiKeyEnv: 7_531_246 }, `core.apiKeyEnv: .*${hidden}`],
    [{ apiKeyEnv: { name: KEY } }, `core.apiKeyEnv: .*${hidden}`],
  ])('%j', (config, line) => {
    const faults = faultsOf({ baseUrl: AT, ...config });
    expect(faults).toEqual([expect.stringMatching(line)]);
    expect(faults.join()).not.toMatch(/canary|7531246/);
  });
});

test('the schema for editors describes every member', () => {
  const { properties } = z.toJSONSchema(providerConfig, { io: 'input' });
  for (const name of Object.keys(connectionFields)) {
    expect(properties?.[name], name).toMatchObject({ description: expect.stringMatching(/.{9,}/) });
  }
});
