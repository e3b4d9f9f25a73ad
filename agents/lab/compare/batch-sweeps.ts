import type { BatchField } from './batch-field.js';

/** A policy, and the values of the parameter by which it trades cost for quality. */
export interface Sweep {
  readonly policy: string;
  /** Null: it has no such parameter. */
  readonly parameter: 'alpha' | 'threshold' | null;
  readonly settings: readonly (number | null)[];
}

/** Settings of the per-call rules: 0, .05 ... 1. */
const THRESHOLDS = Array.from({ length: 21 }, (_, i) => i / 20);
/** Values of alpha between the lowest and the highest mean quality that the caps allow; 0 and 1 come on top. */
const ALPHAS = 14;
/** Above 1: more of the values lie near the highest quality, where costs grow fastest. */
const DENSITY = 1.5;

/** Without caps, where calls do not compete for slots. */
const FREE_RIVALS = ['per-call-16nn', 'per-call'] as const;
const CAPPED_RIVALS = ['per-call-load'] as const;
const ONE_POINT_RIVALS = ['round-robin', 'least-loaded', 'cheapest-free'] as const;

/** What is played: eccos over alpha, and what it is compared with. @param rows records in order */
export async function sweepsOf(
  field: BatchField,
  rows: Int32Array,
  { batch, capped }: { readonly batch: number; readonly capped: boolean },
): Promise<readonly Sweep[]> {
  const predicted = async (alpha: number) =>
    (await field.play(`eccos:alpha=${alpha},margin=0`, rows, { batch, rated: false })).predicted as number;
  const [low, high] = [await predicted(0), await predicted(1)];
  const alphas = Array.from({ length: ALPHAS }, (_, i) => {
    const share = 1 - (1 - i / (ALPHAS - 1)) ** DENSITY;
    return Number((low + share * (high - low)).toFixed(4));
  });
  const rules = capped ? CAPPED_RIVALS : FREE_RIVALS;
  return [
    { policy: 'eccos', parameter: 'alpha', settings: [0, ...alphas, 1] },
    ...rules.map((policy): Sweep => ({ policy, parameter: 'threshold', settings: THRESHOLDS })),
    ...(capped ? ONE_POINT_RIVALS : []).map((policy): Sweep => ({ policy, parameter: null, settings: [null] })),
  ];
}

export function specOf({ policy, parameter }: Sweep, setting: number | null): string {
  return parameter === null || setting === null ? policy : `${policy}:${parameter}=${setting}`;
}
