import { exportHeads } from '../../../../agents/lab/training/export-heads.js';
import type { Net } from '../../../../agents/lab/training/net.js';
import type { Encoder } from '../../../../schedulers/eccos/encoder/encoder.js';
import type { ModelProfile } from '../../../../schedulers/eccos/predictor/artefact.js';
import { TrainedHeads } from '../../../../schedulers/eccos/predictor/heads.js';
import { HybridPredictor } from '../../../../schedulers/eccos/predictor/hybrid-predictor.js';
import { emptyMemory, type Memory } from '../../../../schedulers/eccos/predictor/memory.js';
import type { AnsweredCall, PredictableCall, Prediction } from '../../../../schedulers/eccos/predictor/prediction.js';
import { SURFACE_FEATURES } from '../../../../schedulers/eccos/predictor/surface-features.js';
import type { CoreInfo } from '../../../../syscalls/cores.js';

/** The one text that the encoder fails at. */
export const UNREADABLE = 'unreadable';

/** [cos, sin] of the first number of the text, in radians: prompts are as alike as their numbers are near. */
const angles: Encoder = {
  dimensions: 2,
  encode: async (texts) =>
    texts.map((text) => {
      if (text === UNREADABLE) throw new Error('cannot be encoded');
      const angle = Number(/-?\d+(\.\d+)?/.exec(text)?.[0] ?? 0);
      return Float32Array.of(Math.cos(angle), Math.sin(angle));
    }),
  close: async () => {},
};

const INPUTS = angles.dimensions + SURFACE_FEATURES.length;

/** Of three trained models. Means of .5, .73 and .88: their logits are 0, 1 and 2. */
const PROFILES: readonly ModelProfile[] = ['weak', 'middle', 'strong'].map((name, place) => ({
  name,
  records: 100,
  meanScore: 1 / (1 + Math.exp(-place)),
  logTokens: { mean: Math.log(100), deviation: 0.5 },
  smearing: 1.1,
  p90Residual: 0.6,
}));

/** Nets that say logit = 2 cos(angle) + place and log(1 + tokens) = log 100 + sin(angle) / 2, by exact numbers. */
function plantedNet(): Net {
  const [inputs, hidden, outputs] = [INPUTS, 4, 2 * PROFILES.length];
  const w1 = new Float64Array(inputs * hidden);
  const w2 = new Float64Array(hidden * outputs);
  // relu(x) - relu(-x) = x, for both numbers of the embedding.
  for (const [input, from] of [0, 2].entries()) {
    w1[input * hidden + from] = 1;
    w1[input * hidden + from + 1] = -1;
  }
  for (const place of PROFILES.keys()) {
    w2[place] = 2;
    w2[outputs + place] = -2;
    w2[2 * outputs + PROFILES.length + place] = 1;
    w2[3 * outputs + PROFILES.length + place] = -1;
  }
  const b2 = Float64Array.from({ length: outputs }, (_, at) => (at < PROFILES.length ? at : 0));
  return { inputs, hidden, outputs, w1, b1: new Float64Array(hidden), w2, b2 };
}

export function plantedHeads(): Promise<TrainedHeads> {
  const scale = { mean: new Array(INPUTS).fill(0), deviation: new Array(INPUTS).fill(1) };
  return TrainedHeads.open({ name: 'planted', bytes: exportHeads(plantedNet()) }, scale, PROFILES);
}

/** A predictor, and what it remembers. */
export interface Made {
  readonly predictor: HybridPredictor;
  readonly memory: Memory;
}

/** A predictor that has learnt nothing yet. */
export function predictorWith(
  heads: TrainedHeads,
  save?: (memory: Memory) => Promise<void>,
  tasks?: ReadonlySet<string>,
): Made {
  const memory = emptyMemory({ encoder: 'angles', dimensions: angles.dimensions, heads: 'planted' });
  const folder = save && { save, close() {} };
  return { predictor: new HybridPredictor({ encoder: angles, heads, memory, tasks, folder }), memory };
}

export function core(id: string, more: Partial<CoreInfo> = {}): CoreInfo {
  return {
    id,
    kind: 'simulated',
    price: { inputPerMTok: 1, outputPerMTok: 4 },
    contextWindow: 100_000,
    cap: 1,
    tools: false,
    responseFormat: false,
    supportsPrefix: false,
    ...more,
  };
}

export function call(prompt: string | number, more: Partial<PredictableCall> = {}, task = 'sums'): PredictableCall {
  const params = { task, messages: [{ role: 'user' as const, content: String(prompt) }] };
  return { tenant: 'acme', inputTokens: 10, params, ...more };
}

export function answered(one: PredictableCall, by: string, outputTokens = 100): AnsweredCall {
  return { ...one, core: by, outputTokens };
}

/** One prediction. */
export async function ask(
  { predictor }: Made,
  one: PredictableCall,
  cores: readonly CoreInfo[],
  id = cores[0]?.id,
): Promise<Prediction> {
  const [row] = await predictor.predict([one], cores);
  return row?.[cores.findIndex((known) => known.id === id)] as Prediction;
}

/** Rates these calls, each predicted first as a kernel does. */
export async function rate(
  { predictor }: Made,
  cores: readonly CoreInfo[],
  lessons: readonly (readonly [one: PredictableCall, by: string, quality: number])[],
): Promise<void> {
  await predictor.predict(
    lessons.map(([one]) => one),
    cores,
  );
  for (const [one, by, quality] of lessons) predictor.rated(answered(one, by), quality);
}
