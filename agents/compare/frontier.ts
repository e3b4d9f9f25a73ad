import { Envelope, type Frontier } from '../../schedulers/eccos/evaluation/envelope.js';
import type { Weights } from '../../schedulers/eccos/evaluation/outcomes.js';
import { frontierOf, routingFigures, type Singles, singleModels } from '../../schedulers/eccos/evaluation/routing.js';
import type { ClaimReport, FrontierReport } from './report.js';
import type { SeedResamples } from './seed-resamples.js';
import { figureOf } from './statistics.js';

/** What came out of one seed. */
export interface SeedPoint {
  /** Mean score. */
  readonly quality: number;
  readonly costUsd: number;
  /** Null: nobody waited. */
  readonly meanTurnaroundMs: number | null;
}

/** One setting of a router, or one model by itself. */
export interface Setting {
  readonly name: string;
  /** One a seed, in order. */
  readonly seeds: readonly SeedPoint[];
}

/** A policy at one or more settings of what it aims at. */
export interface Router {
  readonly name: string;
  /** As it took part in the comparison. */
  readonly own: Setting;
  /** None: it was not swept. */
  readonly sweep: readonly Setting[];
}

/** How the mixture of the single models is called. */
const ZERO_ROUTER = 'single models';

/**
 * The quality-cost frontier of every router, and of the models by themselves: the zero router.
 *
 * @param singles one a core
 */
export function frontiersOf(
  routers: readonly Router[],
  singles: readonly Setting[],
  resamples: SeedResamples,
): FrontierReport[] {
  const zero = singlesOf(singles);
  const report = (name: string, settings: readonly Setting[]): FrontierReport => {
    const [full, most, much, aiq, aiqMinusZero] = resamples.figuresOf((weights) => {
      const alone = zero(weights);
      const { savingAt, aiqMinusZero } = routingFigures(meanOf(settings, weights), alone);
      const window = alone.envelope.meanQuality(alone.cheapest.cost, alone.best.cost);
      return [...savingAt, aiqMinusZero === null ? null : aiqMinusZero + window, aiqMinusZero];
    });
    return {
      router: name,
      points: settings.map(pointOf),
      savingAt: { '1.00': full ?? null, '0.98': most ?? null, '0.95': much ?? null },
      aiq: aiq ?? null,
      aiqMinusZero: aiqMinusZero ?? null,
    };
  };
  return [
    report(ZERO_ROUTER, singles),
    ...routers.map(({ name, own, sweep }) => report(name, sweep.length > 0 ? sweep : [own])),
  ];
}

/** Every policy that was swept by comparison with every other one as it took part. */
export function claimsOf(routers: readonly Router[], resamples: SeedResamples): ClaimReport[] {
  return routers.flatMap(({ name, sweep }) =>
    routers
      .filter((base) => sweep.length > 0 && base.name !== name)
      .map((base): ClaimReport => {
        const [saving, points] = resamples.figuresOf((weights) => {
          const envelope = new Envelope(meanOf(sweep, weights));
          const { cost, quality } = meanOf([base.own], weights);
          return advantageOf(envelope, cost[0] as number, quality[0] as number);
        });
        return {
          policy: name,
          base: base.name,
          savingAtEqualQuality: saving ?? null,
          pointsAtEqualCost: points ?? null,
        };
      }),
  );
}

/** Share of the cost that is saved at this quality, and points of quality that are gained at this cost. */
function advantageOf(envelope: Envelope, cost: number, quality: number): readonly [number | null, number | null] {
  const cheaper = envelope.costAt(quality);
  const better = envelope.qualityAt(cost);
  return [
    cheaper === null || cost === 0 ? null : 1 - cheaper / cost,
    better === null ? null : 100 * (better - quality),
  ];
}

function pointOf({ name, seeds }: Setting): FrontierReport['points'][number] {
  return {
    name,
    quality: figureOf(seeds.map(({ quality }) => quality)),
    costUsd: figureOf(seeds.map(({ costUsd }) => costUsd)),
    meanTurnaroundMs: figureOf(seeds.map(({ meanTurnaroundMs }) => meanTurnaroundMs)),
  };
}

/** Means over the seeds, one point a setting. */
function meanOf(settings: readonly Setting[], weights: Weights): Frontier {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return frontierOf(
    settings.map(({ seeds }) => {
      let cost = 0;
      let quality = 0;
      for (const [i, point] of seeds.entries()) {
        cost += (weights[i] as number) * point.costUsd;
        quality += (weights[i] as number) * point.quality;
      }
      return { cost: cost / total, quality: quality / total };
    }),
  );
}

/** Seeds are the records of these outcomes, and what each model makes of a whole seed their cells. */
function singlesOf(singles: readonly Setting[]): (weights: Weights) => Singles {
  const seeds = singles[0]?.seeds.length ?? 0;
  const cells = (value: (point: SeedPoint) => number) =>
    Float64Array.from({ length: seeds * singles.length }, (_, cell) => {
      const { seeds: points } = singles[cell % singles.length] as Setting;
      return value(points[Math.floor(cell / singles.length)] as SeedPoint);
    });
  const outcomes = { models: singles.length, score: cells((p) => p.quality), costUsd: cells((p) => p.costUsd) };
  const of = singleModels(
    outcomes,
    Int32Array.from({ length: seeds }, (_, seed) => seed),
  );
  return (weights) => of(weights) as Singles;
}
