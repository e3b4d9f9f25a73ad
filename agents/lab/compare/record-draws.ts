import { Random } from '../load/random.js';
import { RECORD_DRAWS } from '../metrics/resamples.js';
import type { CallRecord } from './call-record.js';

/** Calls of one seed. */
export interface SeedCalls {
  /** Number of the record of each call, the same in every seed. */
  readonly record: Int32Array;
  readonly score: Float64Array;
  readonly costUsd: Float64Array;
  /** NaN: not answered. */
  readonly turnaroundMs: Float64Array;
}

/** Numbers of records by prompt, in order of appearance. */
export class RecordNumbers {
  readonly #known = new Map<string, number>();

  /** By number. */
  get prompts(): readonly string[] {
    return [...this.#known.keys()];
  }

  of(prompt: string): number {
    const number = this.#known.get(prompt) ?? this.#known.size;
    this.#known.set(prompt, number);
    return number;
  }
}

export function seedCallsOf(calls: readonly CallRecord[], numbers: RecordNumbers): SeedCalls {
  return {
    record: Int32Array.from(calls, ({ prompt }) => numbers.of(prompt)),
    score: Float64Array.from(calls, ({ score }) => score),
    costUsd: Float64Array.from(calls, ({ costUsd }) => costUsd),
    turnaroundMs: Float64Array.from(calls, ({ answer }) => (answer ? answer.ended - answer.accepted : Number.NaN)),
  };
}

/** How often records count in each draw: a Poisson bootstrap, which draws each record by itself (Chamandy et al., "Estimating uncertainty for massive data streams", 2012). */
const weights: Float64Array[] = Array.from({ length: RECORD_DRAWS }, () => new Float64Array(0));

/** @returns weight of every record up to this number */
function weightsOf(draw: number, records: number): Float64Array {
  const known = weights[draw] ?? new Float64Array(0);
  if (known.length >= records) return known;
  const random = new Random(`records/${draw}`);
  const more = Float64Array.from({ length: Math.max(records, 2 * known.length) }, () => poissonOfOne(random.next()));
  weights[draw] = more;
  return more;
}

/** Poisson with mean 1, by inversion. */
function poissonOfOne(uniform: number): number {
  let count = 0;
  for (let term = Math.exp(-1), sum = term; uniform > sum && count < 20; sum += term) term /= ++count;
  return count;
}

/** What the calls come to in a draw of the records: mean score and turnaround, and cost of as many calls. */
export function drawn({ record, score, costUsd, turnaroundMs }: SeedCalls, draw: number) {
  const often = weightsOf(draw, record.reduce((most, number) => Math.max(most, number), 0) + 1);
  const sum = { calls: 0, score: 0, costUsd: 0, answered: 0, turnaroundMs: 0 };
  // A plain loop: it runs over every call 200 times, and takes a fifth of the time that an iterator does.
  for (let i = 0; i < record.length; i++) {
    const weight = often[record[i]!]!;
    sum.calls += weight;
    sum.score += weight * score[i]!;
    sum.costUsd += weight * costUsd[i]!;
    if (Number.isNaN(turnaroundMs[i]!)) continue;
    sum.answered += weight;
    sum.turnaroundMs += weight * turnaroundMs[i]!;
  }
  return {
    quality: sum.score / sum.calls,
    costUsd: (sum.costUsd / sum.calls) * record.length,
    meanTurnaroundMs: sum.answered > 0 ? sum.turnaroundMs / sum.answered : null,
  };
}
