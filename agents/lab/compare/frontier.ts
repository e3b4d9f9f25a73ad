import { Envelope } from '../metrics/envelope.js';
import type { Draw, SeedResamples } from '../metrics/resamples.js';
import { frontierOf, routingFigures, type Singles, singleModels } from '../metrics/routing.js';
import { figureOf, ratioOf } from '../metrics/statistics.js';
import { drawn, type SeedCalls } from './record-draws.js';
import type { ClaimReport, FrontierReport } from './report.js';

/** What came out of one seed. */
export interface SeedPoint {
  /** Mean score. */
  readonly quality: number;
  readonly costUsd: number;
  /** Null: nobody waited. */
  readonly meanTurnaroundMs: number | null;
  /** What these are of; undefined: they do not depend on which records were drawn, as far as is known. */
  readonly calls?: SeedCalls;
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

/** What the report calls the models by themselves, which are no policy. */
export const SINGLE_MODELS = 'single models';
/** What it calls the least cost at each quality, if time were all that is short: no policy either. */
export const FLUID_BOUND = 'fluid bound';

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
    const [full, most, much, aiq, aiqMinusZero] = resamples.figuresOf((draw) => {
      const alone = zero(draw);
      const { savingAt, aiqMinusZero } = routingFigures(frontierOf(meansOf(settings, draw)), alone);
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
    report(SINGLE_MODELS, singles),
    ...routers.map(({ name, own, sweep }) => report(name, sweep.length > 0 ? sweep : [own])),
  ];
}

/** Every policy that was swept by comparison with every other one as it took part. */
export function claimsOf(routers: readonly Router[], resamples: SeedResamples): ClaimReport[] {
  return routers.flatMap(({ name, own, sweep }) =>
    routers
      .filter((base) => sweep.length > 0 && base.name !== name)
      .map((base): ClaimReport => {
        const [saving = null, turnaround = null, points = null, ownSaving = null, ownTurnaround = null] =
          resamples.figuresOf((draw) => [
            ...advantagesOf(meansOf(sweep, draw), weightedMean(base.own, draw)),
            ...advantagesOver(meansOf(base.sweep, draw), weightedMean(own, draw)),
          ]);
        return {
          policy: name,
          base: base.name,
          savingAtEqualQuality: saving,
          turnaroundShareAtEqualQuality: turnaround,
          pointsAtEqualCost: points,
          savingAtOwnQuality: ownSaving,
          turnaroundShareAtOwnQuality: ownTurnaround,
        };
      }),
  );
}

/** Share of the cost that is saved and of the turnaround that it takes at the base's quality, and points that are gained at its cost. */
function advantagesOf(sweep: readonly Mean[], base: Mean): (number | null)[] {
  const envelope = new Envelope(frontierOf(sweep));
  const least = envelope.cost[0] as number;
  const most = envelope.cost.at(-1) as number;
  // Where all settings are better or more expensive than asked for, the nearest one is an answer too.
  const cost = envelope.costAt(Math.max(base.quality, envelope.lowest));
  const quality = base.cost < least ? null : envelope.qualityAt(Math.min(base.cost, most));
  return [
    cost === null || base.cost === 0 ? null : 1 - cost / base.cost,
    cost === null ? null : ratioOf(turnaroundAt(cost, sweep, envelope), base.turnaroundMs),
    quality === null ? null : 100 * (quality - base.quality),
  ];
}

/** Share of the cost that is saved and of the turnaround that it takes as it took part, against the line of the base at its quality. */
function advantagesOver(line: readonly Mean[], own: Mean): (number | null)[] {
  if (line.length === 0) return [null, null];
  const envelope = new Envelope(frontierOf(line));
  const cost = envelope.costAt(Math.max(own.quality, envelope.lowest));
  if (cost === null || cost === 0) return [null, null];
  return [1 - own.cost / cost, ratioOf(own.turnaroundMs, turnaroundAt(cost, line, envelope))];
}

/** Mean turnaround of the mixture of settings that the envelope has at this cost; null: one of them is not known. */
function turnaroundAt(cost: number, sweep: readonly Mean[], envelope: Envelope): number | null {
  const corners = sweep
    .filter((mean) => Math.abs((envelope.qualityAt(mean.cost) ?? Number.NaN) - mean.quality) < ROUNDING)
    .toSorted((a, b) => a.cost - b.cost);
  const above = corners.find((corner) => corner.cost >= cost) ?? corners.at(-1);
  const below = corners.findLast((corner) => corner.cost <= cost) ?? corners[0];
  if (above === undefined || below === undefined) return null;
  const [from, to] = [below.turnaroundMs, above.turnaroundMs];
  if (from === null || to === null) return null;
  const share = above.cost === below.cost ? 0 : (cost - below.cost) / (above.cost - below.cost);
  return from + share * (to - from);
}

/** Sums in two orders differ by less. */
const ROUNDING = 1e-9;

function pointOf({ name, seeds }: Setting): FrontierReport['points'][number] {
  return {
    name,
    quality: figureOf(seeds.map(({ quality }) => quality)),
    costUsd: figureOf(seeds.map(({ costUsd }) => costUsd)),
    meanTurnaroundMs: figureOf(seeds.map(({ meanTurnaroundMs }) => meanTurnaroundMs)),
  };
}

/** Of one setting over the seeds. */
interface Mean {
  readonly cost: number;
  readonly quality: number;
  /** Null: in one of the seeds nothing was answered, or nobody waited. */
  readonly turnaroundMs: number | null;
}

function meansOf(settings: readonly Setting[], draw: Draw): Mean[] {
  return settings.map((setting) => weightedMean(setting, draw));
}

function weightedMean(setting: Setting, draw: Draw): Mean {
  const sums = { cost: 0, quality: 0 };
  let turnaroundMs: number | null = 0;
  let total = 0;
  for (const [i, { costUsd, quality, meanTurnaroundMs }] of pointsIn(setting, draw.records).entries()) {
    const weight = draw.seeds[i] as number;
    if (weight === 0) continue;
    total += weight;
    sums.cost += weight * costUsd;
    sums.quality += weight * quality;
    turnaroundMs = turnaroundMs === null || meanTurnaroundMs === null ? null : turnaroundMs + weight * meanTurnaroundMs;
  }
  return { cost: sums.cost / total, quality: sums.quality / total, turnaroundMs: turnaroundMs && turnaroundMs / total };
}

/** Points of a setting by draw of the records: many draws of seeds ask for the same ones. */
const known = new WeakMap<Setting, Map<number, readonly SeedPoint[]>>();

/** The seeds of a setting in a draw of the records. */
function pointsIn(setting: Setting, records: number | undefined): readonly SeedPoint[] {
  if (records === undefined) return setting.seeds;
  const byDraw = known.get(setting) ?? new Map<number, readonly SeedPoint[]>();
  known.set(setting, byDraw);
  const points = byDraw.get(records) ?? setting.seeds.map((seed) => (seed.calls ? drawn(seed.calls, records) : seed));
  byDraw.set(records, points);
  return points;
}

/** Seeds are the records of these outcomes, and what each model makes of a whole seed their cells. */
function singlesOf(singles: readonly Setting[]): (draw: Draw) => Singles {
  const seeds = singles[0]?.seeds.length ?? 0;
  const rows = Int32Array.from({ length: seeds }, (_, seed) => seed);
  const found = new WeakMap<Draw, Singles>();
  const find = ({ seeds: weights, records }: Draw) => {
    const points = singles.map((single) => pointsIn(single, records));
    const cells = (value: (point: SeedPoint) => number) =>
      Float64Array.from({ length: seeds * singles.length }, (_, cell) =>
        value(points[cell % singles.length]?.[Math.floor(cell / singles.length)] as SeedPoint),
      );
    const outcomes = { models: singles.length, score: cells((p) => p.quality), costUsd: cells((p) => p.costUsd) };
    return singleModels(outcomes, rows)(weights) as Singles;
  };
  // Every router is held against them in the same draws.
  return (draw) => {
    const known = found.get(draw) ?? find(draw);
    found.set(draw, known);
    return known;
  };
}
