import type { CoreId } from '../../../../syscalls/syscall.js';
import type { CallRecord } from '../../compare/call-record.js';

/** Calls that ran on one core under the base and on another under a policy. Undefined: they had no answer there. */
export interface Move {
  readonly from: CoreId | undefined;
  readonly to: CoreId | undefined;
  readonly calls: number;
  /** Score and US dollars under the policy less those under the base, summed over these calls. */
  readonly score: number;
  readonly costUsd: number;
}

/** What came of one call. */
interface Placement {
  readonly core: CoreId | undefined;
  readonly score: number;
  readonly costUsd: number;
}

const NOWHERE: Placement = { core: undefined, score: 0, costUsd: 0 };
/** No run has more calls. */
const MOST_STEPS = 2 ** 20;

/** Matches the calls of each policy with the same calls under the base. It keeps the calls of one seed at a time. */
export class Moves {
  readonly #base: string;
  readonly #cores: readonly CoreId[];
  /** By policy, then by the two cores. */
  readonly #moves = new Map<string, Map<string, Move>>();
  #seed: number | undefined;
  /** Of the seed: by policy, then by run and step. */
  #trials = new Map<string, ReadonlyMap<number, Placement>>();

  constructor(base: string, cores: readonly CoreId[]) {
    this.#base = base;
    this.#cores = cores;
  }

  /** All policies of a seed come before the next seed. */
  add(policy: string, seed: number, calls: readonly CallRecord[]): void {
    if (seed !== this.#seed) this.#closeSeed(seed);
    const steps = new Map<number, number>();
    const trial = new Map<number, Placement>();
    for (const { run, answer, score, costUsd } of calls) {
      const step = steps.get(run) ?? 0;
      steps.set(run, step + 1);
      trial.set(run * MOST_STEPS + step, { core: answer?.core, score, costUsd });
    }
    this.#trials.set(policy, trial);
  }

  /** From one core to another or to the same, the most frequent first; empty for the base. */
  of(policy: string): readonly Move[] {
    this.#closeSeed(this.#seed);
    const place = (core: CoreId | undefined) => (core === undefined ? this.#cores.length : this.#cores.indexOf(core));
    return [...(this.#moves.get(policy)?.values() ?? [])].sort(
      (a, b) => b.calls - a.calls || place(a.from) - place(b.from) || place(a.to) - place(b.to),
    );
  }

  #closeSeed(next: number | undefined): void {
    const base = this.#trials.get(this.#base);
    this.#trials.delete(this.#base);
    for (const [policy, trial] of base === undefined ? [] : this.#trials) {
      for (const call of new Set([...(base ?? []), ...trial].map(([call]) => call))) {
        this.#count(policy, base?.get(call) ?? NOWHERE, trial.get(call) ?? NOWHERE);
      }
    }
    this.#seed = next;
    this.#trials = new Map();
  }

  #count(policy: string, base: Placement, own: Placement): void {
    const moves = this.#moves.get(policy) ?? new Map<string, Move>();
    this.#moves.set(policy, moves);
    const key = JSON.stringify([base.core, own.core]);
    const { calls, score, costUsd } = moves.get(key) ?? { calls: 0, score: 0, costUsd: 0 };
    moves.set(key, {
      from: base.core,
      to: own.core,
      calls: calls + 1,
      score: score + own.score - base.score,
      costUsd: costUsd + own.costUsd - base.costUsd,
    });
  }
}
