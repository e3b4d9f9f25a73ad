import { SINGLE_MODELS } from '../../compare/frontier.js';
import type { CompareReport, FrontierReport } from '../../compare/report.js';
import { Envelope } from '../../metrics/envelope.js';
import type { Figure } from '../../metrics/statistics.js';
import { INK } from '../chart.js';
import type { CostPoint } from '../plot-area.js';

/** A policy as it took part, with its intervals. */
export interface PolicyPoint {
  readonly name: string;
  readonly color: string;
  readonly at: CostPoint;
  /** Ends of the intervals: along the costs, then along the qualities. */
  readonly whiskers: readonly (readonly [CostPoint, CostPoint])[];
}

/** The same policy at other settings of what it aims at, from cheap to dear. */
export interface Sweep {
  readonly name: string;
  readonly color: string;
  readonly points: readonly CostPoint[];
}

/** All that is drawn of quality and cost, US dollars per 1,000 calls. What is free has no place on a logarithmic axis. */
export interface FrontierPoints {
  readonly policies: readonly PolicyPoint[];
  readonly sweeps: readonly Sweep[];
  /** Each core by itself. */
  readonly singles: readonly { readonly name: string; readonly at: CostPoint }[];
  /** What mixing the single models at random reaches; empty: there are none. */
  readonly mixture: readonly CostPoint[];
}

/** Straight on a linear axis, a mixture is curved on a logarithmic one. */
const STEPS = 12;

export function frontierPoints(
  { policies, frontier, load: { calls } }: CompareReport,
  colours: ReadonlyMap<string, string>,
): FrontierPoints {
  const per1000 = 1000 / calls;
  const placed = (point: FrontierReport['points'][number]) => placeOf(point, per1000);
  const singles = frontier
    .filter(({ router }) => router === SINGLE_MODELS)
    .flatMap(({ points }) => points)
    .flatMap((point) => placed(point).map((at) => ({ name: point.name, at })));
  return {
    policies: policies.flatMap((policy) =>
      placeOf(policy, per1000).map((at) => ({
        name: policy.name,
        color: colours.get(policy.name) ?? INK,
        at,
        whiskers: whiskersOf(at, policy.costUsd, policy.quality, per1000),
      })),
    ),
    sweeps: frontier
      .filter(({ router, points }) => router !== SINGLE_MODELS && points.length > 1)
      .map(({ router, points }) => ({
        name: router,
        color: colours.get(router) ?? INK,
        points: points.flatMap(placed).sort(([a], [b]) => a - b),
      })),
    singles,
    mixture: mixtureOf(singles.map(({ at }) => at)),
  };
}

function placeOf(
  { costUsd, quality }: { readonly costUsd: Figure | null; readonly quality: Figure | null },
  per1000: number,
): CostPoint[] {
  return costUsd === null || quality === null || costUsd.mean <= 0 ? [] : [[costUsd.mean * per1000, quality.mean]];
}

function whiskersOf(at: CostPoint, cost: Figure | null, quality: Figure | null, per1000: number) {
  const along = (figure: Figure | null, end: (value: number) => CostPoint): (readonly [CostPoint, CostPoint])[] =>
    figure === null || figure.low === null || figure.high === null ? [] : [[end(figure.low), end(figure.high)]];
  return [
    ...along(cost, (end) => [Math.max(end * per1000, at[0] * LEAST), at[1]]),
    ...along(quality, (end) => [at[0], end]),
  ];
}

/** The end of an interval that reaches 0 dollars is drawn at this share of the mean. */
const LEAST = 0.1;

function mixtureOf(singles: readonly CostPoint[]): CostPoint[] {
  if (singles.length < 2) return [];
  const { cost, quality } = new Envelope({
    cost: Float64Array.from(singles, ([cost]) => cost),
    quality: Float64Array.from(singles, ([, quality]) => quality),
  });
  return [...cost].flatMap((from, corner) => {
    const to = cost[corner + 1] ?? from;
    const [low, high] = [quality[corner] as number, quality[corner + 1] ?? (quality[corner] as number)];
    return Array.from(
      { length: to === from ? 1 : STEPS },
      (_, step): CostPoint => [from + (step / STEPS) * (to - from), low + (step / STEPS) * (high - low)],
    );
  });
}
