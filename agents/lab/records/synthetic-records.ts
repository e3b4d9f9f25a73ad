import { defaultConfig } from '../../../kernel/boot.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { inputTokensOf } from '../../../kernel/tokens.js';
import { mixed } from '../load/mixed.js';
import { itemOf } from '../load/queries.js';
import { Random } from '../load/random.js';
import { knownOutcomes } from './known-outcomes.js';

/** Above every seed of a comparison, so that no load has the same draws. */
const FIRST_SEED = 1_000_000;
/** Agents and arrivals of the load that the queries are taken from; neither shows in a record. */
const SHAPE = { agents: 50, rate: 10 } as const;

/** Queries as the mixed synthetic load has them, and what every simulated core of the default config makes of each. */
export async function syntheticRecords(queries: number, seed: number): Promise<readonly OutcomeRecord[]> {
  const { cores } = defaultConfig();
  const known = await knownOutcomes(cores, { seed: FIRST_SEED + seed, items: itemOf });
  const { runs } = mixed(new Random(FIRST_SEED + seed), { ...SHAPE, calls: queries });
  const calls = runs.flatMap((run) => run.calls);
  return calls.map(({ prompt, params }, i) => {
    const inputTokens = inputTokensOf(params);
    return {
      id: `synthetic-${seed}-${i}`,
      dataset: params.task ?? 'synthetic',
      prompt,
      input_tokens: inputTokens,
      outputs: cores.flatMap(({ id, profile }) => {
        const outcome = known(id, params, inputTokens);
        if (outcome === undefined) return [];
        const { score, outputTokens, costUsd } = outcome;
        return [{ model: profile ?? id, score, output_tokens: outputTokens, cost_usd: costUsd }];
      }),
    };
  });
}
