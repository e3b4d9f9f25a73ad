import { bootKernel, defaultConfig, VirtualClock } from '../../../kernel/boot.js';
import type { LLMCore } from '../../../kernel/cores/core.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { inputTokensOf } from '../../../kernel/tokens.js';
import { itemOf } from '../compare/synthetic-source.js';
import { mixed } from '../load/mixed.js';
import { Random } from '../load/random.js';

/** Above every seed of a comparison, so that no load has the same draws. */
const FIRST_SEED = 1_000_000;
/** Agents and arrivals of the load that the queries are taken from; neither shows in a record. */
const SHAPE = { agents: 50, rate: 10 } as const;

/** Queries as the mixed synthetic load has them, and what every simulated core of the default config makes of each. */
export async function syntheticRecords(queries: number, seed: number): Promise<readonly OutcomeRecord[]> {
  const cores: LLMCore[] = [];
  const config = { ...defaultConfig(), seed: FIRST_SEED + seed };
  const kernel = await bootKernel(config, {
    clock: new VirtualClock(),
    items: itemOf,
    wrapCore(core) {
      cores.push(core);
      return core;
    },
  });
  await kernel.stop();
  const { runs } = mixed(new Random(FIRST_SEED + seed), { ...SHAPE, calls: queries });
  const calls = runs.flatMap((run) => run.calls);
  return calls.map(({ prompt, params }, i) => {
    const inputTokens = inputTokensOf(params);
    return {
      id: `synthetic-${seed}-${i}`,
      dataset: params.task ?? 'synthetic',
      prompt,
      input_tokens: inputTokens,
      outputs: cores.flatMap((core) => {
        const known = core.known?.(params, inputTokens);
        if (known === undefined) return [];
        const { score, outputTokens, costUsd } = known;
        const model = core.info.profile ?? core.info.id;
        return [{ model, score, output_tokens: outputTokens, cost_usd: costUsd }];
      }),
    };
  });
}
