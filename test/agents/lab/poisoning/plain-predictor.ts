import { itemOf } from '../../../../agents/lab/load/queries.js';
import { Random } from '../../../../agents/lab/load/random.js';
import type { PredictorSource } from '../../../../agents/lab/poisoning/world.js';
import { defaultConfig } from '../../../../kernel/boot.js';
import { simulatedConfig } from '../../../../kernel/cores/simulated.js';
import { Beliefs } from '../../../../schedulers/eccos/predictor/beliefs.js';
import { probabilityOf } from '../../../../schedulers/eccos/predictor/online-logit.js';
import type { AnsweredCall, PredictableCall, Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import { promptOf } from '../../../../syscalls/llm-chat.js';
import { costOf } from '../../../../syscalls/price.js';

/** Standard deviation of what the predictor gets wrong of a call's difficulty. */
const NOISE = 0.7;
const PRIOR = { trained: true, known: true, tokens: { smearing: 1, p90Residual: 0.9 } };

const LEVELS = new Map(
  defaultConfig().cores.map((core) => {
    const { id, ability, answerTokens } = simulatedConfig.parse(core);
    return [id, { ability, tokens: answerTokens.median }];
  }),
);

/** The beliefs of the real predictor on top of a noisy difficulty in place of nets: no text is encoded. */
class PlainPredictor implements Predictor {
  readonly #beliefs = new Beliefs();

  async predict(calls: readonly PredictableCall[], cores: Parameters<Predictor['predict']>[1]) {
    return calls.map((call) =>
      cores.map(({ id, price }) => {
        const belief = this.#of(call, id);
        const tokens = itemOf(promptOf(call.params)).lengthScale * (LEVELS.get(id)?.tokens ?? 0);
        return {
          quality: probabilityOf(belief.logitAt(deviationOf(call))),
          tokensMean: tokens,
          tokensP90: 2 * tokens,
          costMean: costOf(price, { inputTokens: call.inputTokens, outputTokens: tokens }),
          source: 'trained' as const,
          nEffective: 0,
          similarity: null,
          ratings: belief.ratedOfTask,
          reliability: belief.reliability,
        };
      }),
    );
  }

  finished(): void {}

  rated(call: AnsweredCall, quality: number): void {
    this.#of(call, call.core).learnQuality(deviationOf(call), quality);
  }

  async close(): Promise<void> {}

  #of({ tenant, params: { task } }: Pick<PredictableCall, 'tenant' | 'params'>, core: string) {
    return this.#beliefs.of({ tenant, task, core }, { ...PRIOR, level: LEVELS.get(core)?.ability ?? 0 });
  }
}

function deviationOf({ params }: Pick<PredictableCall, 'params'>): number {
  const prompt = promptOf(params);
  const random = new Random(prompt);
  const noise = NOISE * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return noise - itemOf(prompt).difficulty;
}

export const plainPredictors: PredictorSource = {
  forTrial: () => ({ services: { predictor: () => new PlainPredictor() }, close: async () => {} }),
  encodeAhead() {},
  async close() {},
};
