import { Random } from '../load/random.js';
import { type Figure, quantilesOf } from '../metrics/statistics.js';
import type { BatchField } from './batch-field.js';
import { BatchPlays } from './batch-plays.js';
import { type Sweep, specOf, sweepsOf } from './batch-sweeps.js';
import { type Comparison, gatesOf } from './gates.js';
import { carriedPriceOverheads, comparedAlphas } from './one-price.js';
import type { BatchReport, Gate, Point } from './report.js';

export interface ExperimentOptions {
  /** Calls that arrive together; undefined: all. */
  readonly batch: number | undefined;
  /** Whether the caps of the cores bind. */
  readonly capped: boolean;
  readonly seed: number;
  readonly resamples: number;
  /** Whether the policies play every resample again. @default they keep the cores that they chose for the records */
  readonly replay?: boolean;
  /** Runs when it is known how many calls are going to be played. */
  readonly onStart: (calls: number) => void;
  /** Runs as each of them ends. */
  readonly onCall: () => void;
}

interface Measured {
  readonly points: readonly Point[];
  readonly comparisons: readonly Comparison[];
}

/**
 * Plays every policy at every setting, and compares. The intervals are a bootstrap over records: each resample draws as
 * many records as there are, in the order of the draws, and computes points, envelopes and comparisons again.
 */
export async function runExperiment(
  field: BatchField,
  { batch, capped, seed, resamples, replay = false, onStart, onCall }: ExperimentOptions,
): Promise<Pick<BatchReport, 'points' | 'gates'>> {
  const count = field.records.length;
  const rules = { batch: batch ?? count, onCall };
  const random = new Random(seed).stream('batches');
  const order = Int32Array.from(random.stream('order').shuffled([...field.records.keys()]));
  const sweeps = await sweepsOf(field, order, { batch: rules.batch, capped });
  const [own] = sweeps as [Sweep];
  // One global batch has no other to be compared with.
  const alphas = !capped && rules.batch < count ? comparedAlphas(own) : [];
  const settings = alphas.length + sweeps.reduce((sum, sweep) => sum + sweep.settings.length, 0);
  onStart(count * settings * (replay ? resamples + 1 : 1));
  const plays = new BatchPlays(field, rules, replay);
  const measure = async (rows: Int32Array): Promise<Measured> => {
    const points: Point[] = [];
    for (const sweep of sweeps) {
      for (const setting of sweep.settings) {
        const { predicted, ...played } = await plays.of(specOf(sweep, setting), rows);
        const [quality, costUsd] = [played.meanOf(field.outcomes.score), played.meanOf(field.outcomes.costUsd)];
        points.push({ policy: sweep.policy, setting, quality, predictedQuality: predicted, costUsd });
      }
    }
    const overheads = alphas.length === 0 ? [] : [await carriedPriceOverheads(plays, rows, alphas)];
    return { points, comparisons: [...gatesOf(points), ...overheads] };
  };
  const { points, comparisons } = await measure(order);
  const draws = random.stream('bootstrap');
  const resampled: (readonly Comparison[])[] = [];
  for (let i = 0; i < resamples; i++) {
    resampled.push((await measure(Int32Array.from({ length: count }, () => draws.int(0, count - 1)))).comparisons);
  }
  const gates = comparisons.map(({ value, ...gate }, i): Gate => {
    const values = resampled.map((one) => one[i]?.value ?? null);
    return { ...gate, figure: value === null ? null : figureOf(value, values, gate.at) };
  });
  return { points: [...points], gates };
}

/** A resample that does not reach a figure counts as worse than any that does. */
function figureOf(mean: number, resampled: readonly (number | null)[], at: Gate['at']): Figure {
  const worst = at === 'alpha' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const [low, high] = quantilesOf(
    resampled.map((value) => value ?? worst),
    [0.025, 0.975],
  ).map((end) => (end !== null && Number.isFinite(end) ? end : null)) as [number | null, number | null];
  return { mean, low, high };
}
