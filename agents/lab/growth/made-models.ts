import { type Item, passProbability } from '../../../kernel/cores/item-response.js';
import { type SimulatedConfig, simulatedConfig } from '../../../kernel/cores/simulated.js';
import { probabilityOf } from '../../../schedulers/eccos/predictor/online-logit.js';
import type { Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import { costOf } from '../../../syscalls/price.js';
import { Random } from '../load/random.js';

/** Models that every account of a provider has: ability, US dollars for a million output tokens, tokens a second. */
const MODELS = [
  { ability: -0.5, price: 0.4, decodeSpeed: 120 },
  { ability: 0.3, price: 1.2, decodeSpeed: 100 },
  { ability: 1, price: 4, decodeSpeed: 80 },
  { ability: 1.6, price: 10, decodeSpeed: 60 },
  { ability: 2.1, price: 30, decodeSpeed: 40 },
] as const;
export const MODELS_AN_ACCOUNT = MODELS.length;

const DISCRIMINATION = 1.5;
const ANSWER_TOKENS = { median: 200, spread: 0.5 } as const;
const TTFT_MS = 200;
/** Share of the slots that would be busy if every model had as many calls. */
const BUSY = 0.8;
/** Standard deviation of the predictor's error, on the scale of the logit. */
const ERROR = 0.5;

/** The cores of some accounts, each with slots for its share of the calls. @param perSecond calls of all accounts together */
export function coresOf(accounts: number, perSecond: number): readonly SimulatedConfig[] {
  const { median, spread } = ANSWER_TOKENS;
  const tokens = median * Math.exp(spread ** 2 / 2);
  const seconds =
    MODELS.reduce((sum, { decodeSpeed }) => sum + tokens / decodeSpeed, 0) / MODELS.length + TTFT_MS / 1000;
  const cap = Math.max(1, Math.round((perSecond * seconds) / (BUSY * accounts * MODELS.length)));
  return Array.from({ length: accounts }, (_, account) =>
    MODELS.map(({ ability, price, decodeSpeed }, model) =>
      simulatedConfig.parse({
        kind: 'simulated',
        id: `model-${model}/account-${account}`,
        ...{ cap, ability, discrimination: DISCRIMINATION, answerTokens: ANSWER_TOKENS, ttftMs: TTFT_MS, decodeSpeed },
        ...{ prefillSpeed: 'unlimited', chunkMs: 0, price: { inputPerMTok: price / 4, outputPerMTok: price } },
      }),
    ),
  ).flat();
}

/** What the `n`-th query asks of any model. */
export function queryOf(n: number): string {
  return `query ${n}`;
}

export function itemOf(query: string): Required<Item> {
  const random = new Random(query);
  // Sums of uniform numbers are near enough to normal ones.
  const normal = () =>
    Array.from({ length: 6 }, () => random.next() - 0.5).reduce((sum, one) => sum + one, 0) * Math.SQRT2;
  return { difficulty: normal(), lengthScale: Math.exp(0.5 * normal()) };
}

/** Output tokens of a model's answer to a query, over all draws. */
export function meanTokens({ answerTokens: { median, spread } }: SimulatedConfig, item: Required<Item>): number {
  return median * item.lengthScale * Math.exp(spread ** 2 / 2);
}

/** Knows the models and, with an error, the difficulty of each query: no net takes time, and nothing is learnt. */
export function madePredictor(cores: readonly SimulatedConfig[]): Predictor {
  const models = new Map(cores.map((core) => [core.id, core]));
  const about = { source: 'trained', nEffective: 0, similarity: null, ratings: 0, reliability: 1 } as const;
  return {
    predict: async (calls, infos) =>
      calls.map(({ params, inputTokens }) => {
        const query = promptOf(params);
        const item = itemOf(query);
        const error = ERROR * 2 * Math.SQRT2 * (new Random(`error of ${query}`).next() - 0.5);
        return infos.map(({ id, price }): Prediction => {
          const model = models.get(id) as SimulatedConfig;
          const pass = passProbability(model, item);
          const tokensMean = meanTokens(model, item);
          return {
            quality: probabilityOf(Math.log(pass / (1 - pass)) + error),
            tokensMean,
            tokensP90: 1.6 * tokensMean,
            costMean: costOf(price, { inputTokens, outputTokens: tokensMean }),
            ...about,
          };
        });
      }),
    finished() {},
    rated() {},
    async close() {},
  };
}
