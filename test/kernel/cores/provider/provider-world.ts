import { onTestFinished } from 'vitest';
import { type Clock, realClock } from '../../../../kernel/clock.js';
import type { LLMCore } from '../../../../kernel/cores/core.js';
import { providerConfig } from '../../../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../../../kernel/cores/provider/provider.js';
import { FakeOpenAI } from '../../../support/fake-openai.js';

/** A key that must not turn up anywhere but at its own provider. */
export const CANARY_KEY = 'sk-canary-7f3a';

/** A core in front of a fake provider; both are closed when the test is over. */
export async function provider(
  reply: Parameters<FakeOpenAI['answer']>[0] = {},
  config: object = {},
  clock: Clock = realClock,
): Promise<{ core: LLMCore; fake: FakeOpenAI }> {
  const fake = await FakeOpenAI.start();
  fake.answer(reply);
  const decoded = providerConfig.parse({
    kind: 'provider',
    id: 'core',
    model: 'model-a',
    price: { inputPerMTok: 1, outputPerMTok: 10 },
    baseUrl: fake.baseUrl,
    apiKeyEnv: 'FAKE_KEY',
    ...config,
  });
  const core = await providerCore(decoded, { clock, seed: 1, env: { FAKE_KEY: CANARY_KEY } });
  onTestFinished(async () => {
    await core.close?.();
    await fake.stop();
  });
  return { core, fake };
}
