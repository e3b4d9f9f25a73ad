import type { PredictableCall, Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import { uniform } from '../../schedulers/uniform.js';
import { promptOf } from '../../syscalls/llm-chat.js';

/** Predicts from a hash of prompt and core: the same for the same text, and what it says has no meaning. */
export function madeUpPredictor(
  qualityOf = (_: PredictableCall, draw: number) => draw,
): Predictor & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    predict: async (calls, cores) =>
      calls.map((call) => {
        asked.push(promptOf(call.params));
        return cores.map(({ id, price }) => {
          const draw = uniform(hash(promptOf(call.params) + id))();
          return {
            quality: qualityOf(call, draw),
            tokensMean: 100,
            tokensP90: 200,
            costMean: (call.inputTokens * price.inputPerMTok + 100 * price.outputPerMTok) / 1e6,
            source: 'trained',
            nEffective: 0,
            similarity: null,
            ratings: 0,
            reliability: 1,
          };
        });
      }),
    finished: () => {},
    rated: () => {},
    close: async () => {},
  };
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return value;
}
