import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../../kernel/clock.js';
import { providerConfig } from '../../../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../../../kernel/cores/provider/provider.js';
import { openTransport } from '../../../../kernel/cores/provider/transport/open-transport.js';
import { describeIssue } from '../../../../syscalls/protocol.js';
import { ask, callOf, errorOf } from '../ask.js';
import { CANARY_KEY, provider } from './provider-world.js';

const BASE = { kind: 'provider', id: 'core', model: 'm', price: { inputPerMTok: 1, outputPerMTok: 2 } };

function faultOf(config: object): string | undefined {
  const input = { ...BASE, ...config };
  const decoded = providerConfig.safeParse(input);
  return decoded.success ? undefined : describeIssue(decoded.error, input, 'core');
}

describe('the address of a provider', () => {
  test.each([
    'https://api.example.com/v1',
    'http://127.0.0.1:8080/v1',
    'http://127.1.2.3/v1',
    'http://localhost:11434/v1',
    'http://[::1]:1/v1',
  ])('may be %s', (baseUrl) => expect(faultOf({ baseUrl })).toBeUndefined());

  test.each([
    'http://api.example.com/v1',
    'http://169.254.169.254/latest',
    'http://127.0.0.1.example.com/v1',
    'http://localhost.example.com/v1',
    'file:///etc/passwd',
    'https://user:canary@example.com/',
    'https://example.com/?key=canary',
    'example.com',
  ])('may not be %s', (baseUrl) => {
    expect(faultOf({ baseUrl })).toMatch(/^core: Expected `baseUrl` to be /);
    expect(faultOf({ baseUrl })).not.toMatch(/canary/);
  });

  test('must be given for an OpenAI-compatible server', () => {
    expect(faultOf({})).toMatch(/Expected `baseUrl`/);
    expect(faultOf({ provider: 'openai', apiKeyEnv: 'OPENAI_API_KEY' })).toBeUndefined();
  });
});

describe('a redirect', () => {
  test('is not followed, and its target sees no request', async () => {
    const target = await provider();
    const { core, fake } = await provider({
      fault: { kind: 'redirect', to: `${target.fake.baseUrl}/chat/completions` },
    });
    const error = await errorOf(ask(core, callOf('q')).result);
    expect(error).toMatchObject({ code: 'core-failed', message: expect.stringMatching(/redirects \(HTTP 307\)/) });
    expect(fake.requests.length).toBe(1);
    expect(target.fake.requests.length).toBe(0);
  });

  test('in any other form cannot take a request to a foreign origin', async () => {
    const { fake } = await provider();
    const config = providerConfig.parse({ ...BASE, baseUrl: 'https://api.example.com/v1' });
    const transport = await openTransport(config, { clock: new VirtualClock(), seed: 1, env: {} });
    const request = transport.fetch(`${fake.baseUrl}/chat/completions`, { method: 'POST', body: '{}' });
    await expect(request).rejects.toThrow(/foreign origin/);
    expect(fake.requests.length).toBe(0);
  });
});

describe('a key', () => {
  const deps = { clock: new VirtualClock(), seed: 1, env: {} };
  const config = providerConfig.parse({ ...BASE, provider: 'anthropic', apiKeyEnv: 'MY_KEY' });

  test('that is not set is a config error that names the variable', async () => {
    const message = 'core: Expected the environment variable MY_KEY to hold a key';
    await expect(providerCore(config, deps)).rejects.toMatchObject({ code: 'invalid-config', message });
    await expect(providerCore(config, { ...deps, env: { MY_KEY: ' ' } })).rejects.toMatchObject({ message });
  });

  test('is not looked for anywhere else', async () => {
    process.env['ANTHROPIC_API_KEY'] = CANARY_KEY;
    try {
      await expect(providerCore(config, deps)).rejects.toMatchObject({ code: 'invalid-config' });
    } finally {
      delete process.env['ANTHROPIC_API_KEY'];
    }
  });

  test('that no header could carry is refused without showing it', async () => {
    const error = await errorOf(providerCore(config, { ...deps, env: { MY_KEY: `${CANARY_KEY}\nX-Evil: 1` } }));
    expect(error).toMatchObject({ code: 'invalid-config' });
    expect(String(error)).not.toMatch(/canary/);
  });

  test('put into the config by mistake is not repeated', () => {
    expect(faultOf({ baseUrl: 'https://example.com', apiKeyEnv: CANARY_KEY })).toMatch(/Expected `apiKeyEnv`/);
    expect(faultOf({ baseUrl: 'https://example.com', apiKeyEnv: CANARY_KEY })).not.toMatch(/canary/);
    expect(faultOf({ provider: 'google' })).toMatch(/Expected `apiKeyEnv`/);
  });

  test('is in no view of the core, and in no error of its calls', async () => {
    const { core } = await provider({ fault: { kind: 'status', status: 500, body: CANARY_KEY } });
    const error = await errorOf(ask(core, callOf('Secret prompt')).result);
    expect(inspect({ core, error }, { depth: 20, showHidden: true })).not.toMatch(/canary|Secret/);
    expect(JSON.stringify(core.info)).not.toMatch(/canary/);
  });

  test.each(['openai', 'anthropic', 'google'])('of provider %s goes to the configured address only', async (name) => {
    const { core, fake } = await provider({ fault: { kind: 'status', status: 500 } }, { provider: name });
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({ code: 'core-failed' });
    expect(JSON.stringify(fake.requests[0]?.headers)).toMatch(CANARY_KEY);
  });
});
