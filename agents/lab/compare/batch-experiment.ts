import { Random } from '../load/random.js';
import type { Weights } from '../metrics/outcomes.js';
import { Resamples } from '../metrics/resamples.js';
import type { BatchField, Played } from './batch-field.js';
import { type Sweep, specOf, sweepsOf } from './batch-sweeps.js';
import { gatesOf } from './gates.js';
import { comparedAlphas, PriceOverhead } from './one-price.js';
import type { BatchReport, Gate, Point } from './report.js';

export interface ExperimentOptions {
  /** Calls that arrive together; undefined: all. */
  readonly batch: number | undefined;
  /** Whether the caps of the cores bind. */
  readonly capped: boolean;
  readonly seed: number;
  readonly resamples: number;
  /** Runs when it is known how many calls are going to be played. */
  readonly onStart: (calls: number) => void;
  /** Runs as each of them ends. */
  readonly onCall: () => void;
}

interface PlayedSetting extends Pick<Point, 'policy' | 'setting'> {
  readonly played: Played;
}

/**
 * Plays every policy at every setting, and compares. The intervals are a bootstrap over records: in each resample a record
 * counts as often as it was drawn, with the core that each policy chose for it, and everything that follows is computed
 * again: points, envelopes and comparisons.
 */
export async function runExperiment(
  field: BatchField,
  { batch, capped, seed, resamples, onStart, onCall }: ExperimentOptions,
): Promise<Pick<BatchReport, 'points' | 'gates'>> {
  const count = field.records.length;
  const rules = { batch: batch ?? count, onCall };
  const order = Int32Array.from(
    new Random(seed)
      .stream('batches')
      .stream('order')
      .shuffled([...field.records.keys()]),
  );
  const sweeps = await sweepsOf(field, order, { batch: rules.batch, capped });
  const [own] = sweeps as [Sweep];
  // One global batch has no other to be compared with.
  const alphas = !capped && rules.batch < count ? comparedAlphas(own) : [];
  onStart(count * (alphas.length + sweeps.reduce((sum, { settings }) => sum + settings.length, 0)));
  const played: PlayedSetting[] = [];
  for (const sweep of sweeps) {
    for (const setting of sweep.settings) {
      played.push({ policy: sweep.policy, setting, played: await field.play(specOf(sweep, setting), order, rules) });
    }
  }
  const price = alphas.length === 0 ? undefined : await PriceOverhead.play(field, order, alphas, rules);
  const pointsBy = (weights: Weights) => played.map((one) => pointOf(field, one, weights));
  const comparisonsBy = (weights: Weights) => [
    ...gatesOf(pointsBy(weights)),
    ...(price === undefined ? [] : [price.comparison(weights)]),
  ];
  const once = new Uint16Array(count).fill(1);
  const compared = comparisonsBy(once);
  // A resample that does not reach a figure counts as the lowest one, and must be the worst.
  const signs = compared.map(({ at }) => (at === 'alpha' ? -1 : 1));
  const figures = new Resamples(count, resamples).figuresOf((weights) =>
    comparisonsBy(weights).map(({ value }, i) => value && value * signs[i]!),
  );
  const gates = compared.map(({ name, against, at }, i): Gate => {
    const figure = figures[i] ?? null;
    if (figure === null || signs[i] === 1) return { name, against, at, figure };
    const { mean, low, high } = figure;
    return { name, against, at, figure: { mean: -mean, low: high && -high, high: low && -low } };
  });
  return { points: pointsBy(once), gates };
}

function pointOf(
  { outcomes }: BatchField,
  { policy, setting, played: { columns, predicted } }: PlayedSetting,
  weights: Weights,
): Point {
  const meanAt = (values: Float64Array) => {
    let [sum, total] = [0, 0];
    for (const [row, weight] of weights.entries()) {
      sum += weight * values[row * outcomes.models + columns[row]!]!;
      total += weight;
    }
    return sum / total;
  };
  return {
    policy,
    setting,
    quality: meanAt(outcomes.score),
    predictedQuality: predicted,
    costUsd: meanAt(outcomes.costUsd),
  };
}
