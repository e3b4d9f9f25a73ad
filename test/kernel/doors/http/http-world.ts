import { LLMock, type MockServerOptions } from '@copilotkit/aimock';
import { onTestFinished } from 'vitest';
import { type BootedKernel, bootKernel, ContainerModule, PART } from '../../../../kernel/boot.js';
import { checkConfig } from '../../../../kernel/config/config.js';
import type { LLMCore } from '../../../../kernel/cores/core.js';
import { ScriptedCore } from '../../../support/scripted-core.js';

export interface WorldOptions {
  readonly limits?: object;
  readonly tokens?: readonly object[];
  readonly listen?: object;
  readonly policy?: string;
  readonly env?: Record<string, string>;
}

export interface World {
  readonly kernel: BootedKernel;
  /** `http://127.0.0.1:port` */
  readonly url: string;
}

const PRICE = { inputPerMTok: 1, outputPerMTok: 10 };

/** A kernel that listens, until the test is over. */
async function boot(
  cores: readonly object[],
  options: WorldOptions,
  modules: readonly ContainerModule[],
): Promise<World> {
  const { limits = {}, tokens = [], listen = {}, policy = 'fifo', env = {} } = options;
  const config = checkConfig(
    {
      policy,
      listen: { port: 0, ...listen },
      auth: { tokens },
      log: { level: 'silent' },
      limits: { retryBackoffMs: { base: 1, max: 1 }, ...limits },
      cores,
    },
    'test',
  );
  const kernel = await bootKernel(config, { env: { KEY: 'sk-right', ...env }, modules });
  const { url } = await kernel.listen();
  onTestFinished(() => kernel.stop());
  return { kernel, url: url.replace(/^ws/, 'http') };
}

/** A kernel on cores whose answers the test writes itself. */
export function scriptedWorld(cores: readonly LLMCore[], options: WorldOptions = {}): Promise<World> {
  const given = new ContainerModule(({ bind }) => {
    bind(PART.cores).toConstantValue(cores);
  });
  const configs = cores.map(({ info: { id, cap } }) => ({ id, cap, kind: 'simulated', price: PRICE }));
  return boot(configs, { ...options, limits: { drainMs: 0, ...options.limits } }, [given]);
}

/** A kernel on one core whose answers the test writes itself. */
export async function oneCore(options: WorldOptions & { readonly cap?: number } = {}) {
  const core = new ScriptedCore('gpt-test', { cap: options.cap ?? 4, inputs: ['image', 'audio', 'file'] });
  return { core, ...(await scriptedWorld([core], options)) };
}

/** A kernel on providers at these addresses. */
export function providerWorld(cores: readonly object[], options: WorldOptions = {}): Promise<World> {
  const common = { kind: 'provider', provider: 'openai-compatible', price: PRICE, apiKeyEnv: 'KEY', cap: 8 };
  return boot(
    cores.map((core, at) => ({ ...common, id: `core-${at}`, model: 'model', ...core })),
    options,
    [],
  );
}

/** A kernel on one core, `gpt-test`, at a mock of OpenAI's API. */
export async function mockedWorld(options: MockServerOptions = {}, world: WorldOptions = {}) {
  const mock = new LLMock({ port: 0, ...options });
  await mock.start();
  onTestFinished(() => mock.stop());
  const core = { id: 'gpt-test', baseUrl: `${mock.url}/v1` };
  return { mock, ...(await providerWorld([core], world)) };
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Events of a stream: name, if there is one, and data. */
export async function eventsOf(response: Response): Promise<{ name: string | undefined; data: string }[]> {
  return (await response.text())
    .split('\n\n')
    .filter((event) => event !== '' && !event.startsWith(':'))
    .map((event) => ({
      name: /^event: (.*)$/m.exec(event)?.[1],
      data: /^data: (.*)$/m.exec(event)?.[1] ?? '',
    }));
}
