import { type Figure, quantilesOf } from '../compare/statistics.js';
import { Random } from '../load/random.js';
import type { Field } from './field.js';
import { type Comparison, gatesOf } from './gates.js';
import { carriedPriceOverheads } from './one-price.js';
import type { BatchReport, Gate, Point } from './report.js';
import { type Sweep, specOf, sweepsOf } from './sweeps.js';

export interface ExperimentOptions {
  /** Calls that arrive together; undefined: all. */
  readonly batch: number | undefined;
  /** Whether the caps of the cores bind. */
  readonly capped: boolean;
  readonly seed: number;
  readonly resamples: number;
  /** Told by how much the share of the work that is done has grown. */
  readonly onProgress: (share: number) => void;
}

interface Measured {
  readonly points: readonly Point[];
  readonly comparisons: readonly Comparison[];
}

/**
 * Plays every policy at every setting, and compares. The intervals are a bootstrap over records of the whole: each
 * resample draws as many records as there are, in the order of the draws, and plays and compares everything anew.
 */
export async function runExperiment(
  field: Field,
  { batch, capped, seed, resamples, onProgress }: ExperimentOptions,
): Promise<Pick<BatchReport, 'points' | 'gates'>> {
  const count = field.calls.length;
  const together = batch ?? count;
  const random = new Random(seed).stream('batches');
  const order = Int32Array.from(random.stream('order').shuffled([...field.calls.keys()]));
  const sweeps = await sweepsOf(field, order, { batch: together, capped });
  const plays = new Plays(field, sweeps, together);
  // One global batch has no other to be compared with.
  const overheads = !capped && together < count;
  const measure = async (rows: Int32Array): Promise<Measured> => {
    const points = await plays.on(rows);
    const own = overheads
      ? await carriedPriceOverheads(field, rows, { sweep: sweeps[0] as Sweep, batch: together })
      : [];
    onProgress(1 / (resamples + 1));
    return { points, comparisons: [...gatesOf(points), ...own] };
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

/** Plays every policy at every setting, as often as it is asked; rules that decide each call by itself only once. */
class Plays {
  readonly #field: Field;
  readonly #sweeps: readonly Sweep[];
  readonly #batch: number;
  /** By spec: the column of each record's core. */
  readonly #alone = new Map<string, Int32Array>();

  constructor(field: Field, sweeps: readonly Sweep[], batch: number) {
    this.#field = field;
    this.#sweeps = sweeps;
    this.#batch = batch;
  }

  async on(rows: Int32Array): Promise<Point[]> {
    const points: Point[] = [];
    for (const sweep of this.#sweeps) {
      for (const setting of sweep.settings) {
        const spec = specOf(sweep, setting);
        const played = sweep.alone ? await this.#playAlone(spec, rows) : await this.#play(spec, rows);
        points.push({ policy: sweep.policy, setting, ...played });
      }
    }
    return points;
  }

  async #play(spec: string, rows: Int32Array): Promise<Reached> {
    const { quality, costUsd, predicted } = await this.#field.play(spec, rows, { batch: this.#batch });
    return { quality, predictedQuality: predicted, costUsd };
  }

  async #playAlone(spec: string, rows: Int32Array): Promise<Reached> {
    const { outcomes, calls } = this.#field;
    const inOrder = Int32Array.from(calls.keys());
    const columns = this.#alone.get(spec) ?? (await this.#field.play(spec, inOrder, { batch: this.#batch })).columns;
    this.#alone.set(spec, columns);
    const meanOf = (values: Float64Array) =>
      rows.reduce((sum, row) => sum + values[row * outcomes.models + columns[row]!]!, 0) / rows.length;
    return { quality: meanOf(outcomes.score), predictedQuality: null, costUsd: meanOf(outcomes.costUsd) };
  }
}

type Reached = Omit<Point, 'policy' | 'setting'>;

/** A resample that does not reach a figure counts as worse than any that does. */
function figureOf(mean: number, resampled: readonly (number | null)[], at: Gate['at']): Figure {
  const worst = at === 'alpha' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const [low, high] = quantilesOf(
    resampled.map((value) => value ?? worst),
    [0.025, 0.975],
  ).map((end) => (end !== null && Number.isFinite(end) ? end : null)) as [number | null, number | null];
  return { mean, low, high };
}
