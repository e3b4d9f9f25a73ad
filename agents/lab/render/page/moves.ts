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

/** Where the calls of one trial ran and what came of them, by place of the call in its seed. */
interface Placements {
  /** Place of the core; the number of cores: no answer. */
  readonly core: Int16Array;
  readonly score: Float64Array;
  readonly costUsd: Float64Array;
}

interface Cell {
  calls: number;
  score: number;
  costUsd: number;
}

/** No run has more calls. */
const MOST_STEPS = 2 ** 20;

/** Matches the calls of each policy with the same calls under the base. It keeps the calls of one seed at a time. */
export class Moves {
  readonly #base: string;
  readonly #cores: readonly CoreId[];
  readonly #places: ReadonlyMap<CoreId, number>;
  /** By policy, then from x to. */
  readonly #cells = new Map<string, Cell[]>();
  #seed: number | undefined;
  /** Of the seed: the place of each call, by run and step. */
  #callPlaces = new Map<number, number>();
  #trials = new Map<string, Placements>();

  constructor(base: string, cores: readonly CoreId[]) {
    this.#base = base;
    this.#cores = cores;
    this.#places = new Map(cores.map((core, place) => [core, place]));
  }

  /** All policies of a seed come before the next seed. */
  add(policy: string, seed: number, calls: readonly CallRecord[]): void {
    if (seed !== this.#seed) this.#closeSeed(seed);
    const steps = new Map<number, number>();
    const places = calls.map(({ run }) => {
      const step = steps.get(run) ?? 0;
      steps.set(run, step + 1);
      return this.#placeOf(run * MOST_STEPS + step);
    });
    const size = this.#callPlaces.size;
    const trial: Placements = {
      core: new Int16Array(size).fill(this.#cores.length),
      score: new Float64Array(size),
      costUsd: new Float64Array(size),
    };
    for (const [i, { answer, score, costUsd }] of calls.entries()) {
      const place = places[i] as number;
      trial.core[place] = this.#places.get(answer?.core ?? '') ?? this.#cores.length;
      trial.score[place] = score;
      trial.costUsd[place] = costUsd;
    }
    this.#trials.set(policy, trial);
  }

  /** From one core to another or to the same, the most frequent first; empty for the base. */
  of(policy: string): readonly Move[] {
    this.#closeSeed(this.#seed);
    const ends = [...this.#cores, undefined];
    return (this.#cells.get(policy) ?? [])
      .map((cell, i) => ({ from: ends[Math.floor(i / ends.length)], to: ends[i % ends.length], ...cell }))
      .filter(({ calls }) => calls > 0)
      .sort((a, b) => b.calls - a.calls);
  }

  #placeOf(call: number): number {
    const known = this.#callPlaces.get(call);
    if (known !== undefined) return known;
    this.#callPlaces.set(call, this.#callPlaces.size);
    return this.#callPlaces.size - 1;
  }

  #closeSeed(next: number | undefined): void {
    const base = this.#trials.get(this.#base);
    if (base !== undefined) {
      for (const [policy, trial] of this.#trials) if (policy !== this.#base) this.#match(policy, trial, base);
    }
    this.#seed = next;
    this.#callPlaces = new Map();
    this.#trials = new Map();
  }

  #match(policy: string, own: Placements, base: Placements): void {
    const ends = this.#cores.length + 1;
    const cells =
      this.#cells.get(policy) ?? Array.from({ length: ends * ends }, () => ({ calls: 0, score: 0, costUsd: 0 }));
    this.#cells.set(policy, cells);
    for (let place = 0; place < Math.max(own.core.length, base.core.length); place++) {
      const from = base.core[place] ?? this.#cores.length;
      const cell = cells[from * ends + (own.core[place] ?? this.#cores.length)] as Cell;
      cell.calls++;
      cell.score += (own.score[place] ?? 0) - (base.score[place] ?? 0);
      cell.costUsd += (own.costUsd[place] ?? 0) - (base.costUsd[place] ?? 0);
    }
  }
}
