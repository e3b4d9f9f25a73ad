import { onTestFinished } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import type { CoreResult, LLMCore } from '../../../../kernel/cores/core.js';
import { type ProviderConfig, providerConfig } from '../../../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../../../kernel/cores/provider/provider.js';
import type { ChatParams } from '../../../../syscalls/llm-chat.js';
import { RawProvider } from '../../../support/raw-provider.js';
import { ask, callOf } from '../ask.js';

/** The config of a core in front of a raw provider. */
export function configFor(origin: string, config: object = {}): ProviderConfig {
  const { provider = 'openai-compatible' } = config as { provider?: string };
  return providerConfig.parse({
    kind: 'provider',
    id: 'core',
    model: 'm',
    price: { inputPerMTok: 1, outputPerMTok: 10 },
    baseUrl: `${origin}${provider === 'google' ? '/v1beta' : '/v1'}`,
    apiKeyEnv: 'KEY',
    ...config,
  });
}

/** A core in front of a provider that answers what the test writes; both are closed when the test is over. */
export async function raw(
  answer: Parameters<typeof RawProvider.start>[0],
  config: object = {},
): Promise<{ core: LLMCore; provider: RawProvider }> {
  const provider = await RawProvider.start(answer);
  const core = await providerCore(configFor(provider.origin, config), {
    clock: realClock,
    seed: 1,
    env: { KEY: 'key-of-the-test' },
  });
  onTestFinished(async () => {
    await core.close?.();
    await provider.stop();
  });
  return { core, provider };
}

/** The text and the result of one call. */
export async function answerOf(
  core: LLMCore,
  params: Partial<ChatParams> = {},
): Promise<CoreResult & { text: string }> {
  const request = callOf('hi');
  const asked = ask(core, { ...request, params: { ...request.params, ...params }, maxTokens: params.maxTokens });
  const result = await asked.result;
  return { text: asked.text(), ...result };
}
