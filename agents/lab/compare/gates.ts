import { Envelope } from '../metrics/envelope.js';
import { meanOf } from '../metrics/statistics.js';
import type { Gate, Point } from './report.js';

/** Where two policies are compared, and with what result. */
export type Comparison = Pick<Gate, 'name' | 'against' | 'at'> & {
  /** Null: out of range. */
  readonly value: number | null;
};

/** Behind the name of a policy: at all of its settings. */
const SWEEP = ' sweep';
/** The setting that the per-call rules ship with. */
const SHIPPED_THRESHOLD = 0.7;
const POINTS = 100;

/** What eccos gains on each rival that was played, by name of the gate. */
export function gatesOf(points: readonly Point[]): readonly Comparison[] {
  const own = envelopeOf(points.filter(({ policy }) => policy === 'eccos'));
  const rivals = (policy: string) => points.filter((point) => point.policy === policy);
  const shipped = (policy: string) =>
    rivals(policy).filter(({ setting }) => setting === null || setting === SHIPPED_THRESHOLD);
  return RIVALS.filter(({ policy }) => rivals(policy).length > 0).flatMap(({ name, policy, at }) => {
    const gain = at === 'cost' ? gainAtCost : savingAtQuality;
    const one = { name, at, value: gain(own, shipped(policy)) };
    const isSwept = rivals(policy).length > 1;
    return isSwept
      ? [
          { name, at, against: `${policy}${SWEEP}`, value: gain(own, rivals(policy)) },
          { ...one, against: `${policy}:threshold=${SHIPPED_THRESHOLD}` },
        ]
      : [{ ...one, against: policy }];
  });
}

const RIVALS = [
  { name: 'B5', policy: 'per-call-16nn', at: 'cost' },
  { name: 'B6', policy: 'per-call', at: 'cost' },
  { name: 'C1', policy: 'per-call-load', at: 'quality' },
  { name: 'C2', policy: 'round-robin', at: 'quality' },
  { name: 'C2', policy: 'least-loaded', at: 'quality' },
  { name: 'C2', policy: 'cheapest-free', at: 'quality' },
] as const satisfies readonly (Pick<Gate, 'name' | 'at'> & { readonly policy: string })[];

/** Points of 100 by which `own` lies above the rival's own envelope, at the costs of the rival's points. */
function gainAtCost(own: Envelope, rival: readonly Point[]): number | null {
  const theirs = envelopeOf(rival);
  return meanOfKnown(
    rival.map(({ costUsd }) => {
      const [mine, other] = [own.qualityAt(costUsd), theirs.qualityAt(costUsd)];
      return mine === null || other === null ? null : POINTS * (mine - other);
    }),
  );
}

/** Share of the cost of the rival's envelope that `own` does without, at the qualities of the rival's points. */
function savingAtQuality(own: Envelope, rival: readonly Point[]): number | null {
  const theirs = envelopeOf(rival);
  return meanOfKnown(
    rival.map(({ quality }) => {
      const [mine, other] = [own.costAt(quality), theirs.costAt(quality)];
      return mine === null || other === null || other === 0 ? null : 1 - mine / other;
    }),
  );
}

function envelopeOf(points: readonly Point[]): Envelope {
  return new Envelope({
    cost: Float64Array.from(points, ({ costUsd }) => costUsd),
    quality: Float64Array.from(points, ({ quality }) => quality),
  });
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : meanOf(known);
}
