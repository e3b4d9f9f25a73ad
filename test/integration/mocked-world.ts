import { LLMock, type MockServerOptions } from '@copilotkit/aimock';
import { onTestFinished } from 'vitest';
import { type Client, connect } from '../../agents/sdk/client.js';
import { bootKernel } from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';

/** The APIs that the kernel speaks, and where the mock serves each. */
export const APIS = {
  'openai-compatible': '/v1',
  openai: '/v1',
  anthropic: '/v1',
  google: '/v1beta',
} as const;

export type Api = keyof typeof APIS;

/** A mock of all providers on a free port, until the test is over. */
export async function mockProviders(options: MockServerOptions = {}): Promise<LLMock> {
  const mock = new LLMock({ port: 0, ...options });
  await mock.start();
  onTestFinished(() => mock.stop());
  return mock;
}

/** A kernel with one core for each config, and a client on its socket, until the test is over. */
export async function kernelBefore(...cores: readonly object[]): Promise<Client> {
  const common = { kind: 'provider', model: 'model', price: { inputPerMTok: 1, outputPerMTok: 10 } };
  const config = checkConfig(
    {
      listen: { port: 0 },
      log: { level: 'silent' },
      limits: { retryBackoffMs: { base: 1, max: 1 } },
      cores: cores.map((core, at) => ({ ...common, id: `core-${at}`, ...core })),
    },
    'test',
  );
  const kernel = await bootKernel(config, { env: { KEY: 'sk-right', SECOND: 'sk-second' } });
  const { url } = await kernel.listen();
  const client = await connect({ url, name: 'test' });
  onTestFinished(async () => {
    await client.close();
    await kernel.stop();
  });
  return client;
}

/** The core of an API at a mock. */
export function coreAt(mock: LLMock, provider: Api, more: object = {}): object {
  return { provider, baseUrl: `${mock.url}${APIS[provider]}`, apiKeyEnv: 'KEY', ...more };
}
