import { Envelope, type Frontier } from './envelope.js';
import type { Outcomes, Weights } from './outcomes.js';

/** Shares of the best single model's quality at which savings are reported. */
const SAVING_TARGETS = [1, 0.98, 0.95] as const;

/** Mean cost, US dollars a record, and mean score of every record sent to one model. */
export interface SinglePoint {
  readonly model: number;
  readonly cost: number;
  readonly quality: number;
}

/** What routers are measured by: the models by themselves, on the same records. */
export interface Singles {
  /** One a model, in order. */
  readonly points: readonly SinglePoint[];
  /** Highest realised score on these records; of equals the cheaper one. */
  readonly best: SinglePoint;
  /** Least realised cost on these records; of equals the better one. */
  readonly cheapest: SinglePoint;
  /** The zero router: all that mixing single models at random can do. */
  readonly envelope: Envelope;
}

/** Figures of one router. Null: not reached. */
export interface RoutingFigures {
  /**
   * 1 - least cost that keeps these shares of the best single model's quality / cost of that model, in the order of
   * SAVING_TARGETS. A target below the cheapest point's quality is kept by that point.
   */
  readonly savingAt: readonly (number | null)[];
  /** Mean quality over the window from the cheapest to the best single model's cost, less the zero router's. */
  readonly aiqMinusZero: number | null;
  /** Highest quality of the frontier. */
  readonly topQuality: number;
  /** Least cost of that quality, US dollars a record. */
  readonly topCost: number;
}

/** @param records those to be routed, each answered by every model */
export function singleModels(
  { models, score, costUsd }: Pick<Outcomes, 'models' | 'score' | 'costUsd'>,
  records: Int32Array,
): (weights: Weights) => Singles | null {
  return (weights) => {
    const cost = new Float64Array(models);
    const quality = new Float64Array(models);
    let total = 0;
    for (const record of records) {
      const weight = weights[record]!;
      total += weight;
      for (let model = 0, cell = record * models; model < models; model++, cell++) {
        cost[model]! += weight * costUsd[cell]!;
        quality[model]! += weight * score[cell]!;
      }
    }
    if (total === 0) return null;
    const points = Array.from({ length: models }, (_, model) => ({
      model,
      cost: cost[model]! / total,
      quality: quality[model]! / total,
    }));
    const [best] = points.toSorted((a, b) => b.quality - a.quality || a.cost - b.cost);
    const [cheapest] = points.toSorted((a, b) => a.cost - b.cost || b.quality - a.quality);
    return { points, best: best!, cheapest: cheapest!, envelope: new Envelope(frontierOf(points)) };
  };
}

/** Points of single models as a frontier. */
export function frontierOf(points: readonly Pick<SinglePoint, 'cost' | 'quality'>[]): Frontier {
  return {
    cost: Float64Array.from(points, ({ cost }) => cost),
    quality: Float64Array.from(points, ({ quality }) => quality),
  };
}

export function routingFigures(frontier: Frontier, singles: Singles): RoutingFigures {
  const envelope = new Envelope(frontier);
  return {
    savingAt: SAVING_TARGETS.map((share) => savingOf(envelope, singles.best, share)),
    aiqMinusZero: aiqMinusZero(frontier, envelope, singles),
    topQuality: envelope.highest,
    topCost: envelope.costAt(envelope.highest)!,
  };
}

function savingOf(envelope: Envelope, best: SinglePoint, share: number): number | null {
  const cost = envelope.costAt(Math.max(share * best.quality, envelope.lowest));
  if (cost === null || best.cost === 0) return null;
  const saving = 1 - cost / best.cost;
  return Math.abs(saving) < ROUNDING ? 0 : saving;
}

/** Smaller savings come from sums in different orders. */
const ROUNDING = 1e-12;

/**
 * The AIQ of RouterBench (Hu et al., 2024), less that of the zero router. A router whose cheapest point is more expensive than
 * the cheapest single model is mixed with that model. Null: one point only, or a window without width.
 */
function aiqMinusZero({ cost, quality }: Frontier, envelope: Envelope, { best, cheapest, envelope: zero }: Singles) {
  if (cost.length < 2 || best.cost <= cheapest.cost) return null;
  const whole =
    envelope.cost[0]! <= cheapest.cost
      ? envelope
      : new Envelope({
          cost: Float64Array.of(...cost, cheapest.cost),
          quality: Float64Array.of(...quality, cheapest.quality),
        });
  return whole.meanQuality(cheapest.cost, best.cost) - zero.meanQuality(cheapest.cost, best.cost);
}
