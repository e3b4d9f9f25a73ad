import type { Examples, LabelledPrompts } from '../../../../agents/lab/training/examples.js';
import type { NetOptions } from '../../../../agents/lab/training/train-net.js';
import { uniform } from '../../../../schedulers/uniform.js';

export const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** A net that is trained in a blink. */
export const SMALL: NetOptions = {
  hidden: 12,
  inputDropout: 0.1,
  hiddenDropout: 0.2,
  rate: 5e-3,
  decay: 0.01,
  batch: 32,
  maxEpochs: 30,
  patience: 4,
  lengthWeight: 0.3,
};

/** Numbers as numbers of a standard normal distribution. */
export function normals(count: number, random: () => number): Float64Array {
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

/** Examples without a rule. @param gaps share of the cells that are not known */
export function randomExamples(
  { rows, inputs, models }: Pick<Examples, 'rows' | 'inputs' | 'models'>,
  seed: number,
  gaps = 0,
): Examples {
  const random = uniform(seed);
  const scores = Float64Array.from({ length: rows * models }, () =>
    random() < gaps ? Number.NaN : Math.round(4 * random()) / 4,
  );
  const noise = normals(rows * models, random);
  const lengths = scores.map((score, at) => (Number.isNaN(score) ? score : (noise[at] as number)));
  return { rows, inputs, models, features: normals(rows * inputs, random), scores, lengths };
}

/** How hard a planted prompt is shows in two of its features; each model passes by a rule of its own. */
export const PLANTED = ['alpha', 'beta'] as const;
const FEATURES = 6;

/** Prompts that follow a rule, and the logits that it gives them: model 0 by x0 + x1, model 1 by x0 - x1; lengths by x2. */
export function planted(count: number, seed: number): LabelledPrompts & { readonly logits: Float64Array } {
  const random = uniform(seed);
  const features = Array.from({ length: count }, () => Float32Array.from(normals(FEATURES, random)));
  const logits = Float64Array.from(features.flatMap(([a = 0, b = 0]) => [3.5 * (a + b), 3.5 * (a - b)]));
  const outputs = features.map((row, i) =>
    PLANTED.map((model, m) => ({
      model,
      score: Number(random() < sigmoid(logits[2 * i + m] as number)),
      output_tokens: Math.round(100 * Math.exp(0.5 * (row[2] as number))),
      cost_usd: 0.001,
    })),
  );
  return { features, outputs, logits };
}
