import type { CoreId } from '../../../../syscalls/syscall.js';
import type { CallRecord } from '../../compare/call-record.js';
import { type CoreLoad, coreLoadOf } from './core-load.js';
import { type Move, Moves } from './moves.js';
import { type WaitCounts, WaitHistogram } from './wait-histogram.js';

/** What single calls show of a policy, beyond its figures. */
export interface PolicyActivity {
  /** Answered calls, over all seeds. */
  readonly waiting: WaitCounts;
  /** Of the first seed. */
  readonly load: CoreLoad;
  /** Answered calls on each core, over all seeds. */
  readonly answered: ReadonlyMap<CoreId, number>;
  /** From the base to this policy; none: it is the base. */
  readonly moves: readonly Move[];
}

interface Gathered {
  readonly waiting: WaitHistogram;
  readonly load: CoreLoad;
  readonly answered: Map<CoreId, number>;
}

/** Gathers, trial by trial, what a page shows of single calls, and forgets the calls. */
export class Activity {
  readonly #cores: readonly CoreId[];
  readonly #moves: Moves;
  readonly #gathered = new Map<string, Gathered>();

  /** @param base policy that the others are compared with */
  constructor(base: string, cores: readonly CoreId[]) {
    this.#cores = cores;
    this.#moves = new Moves(base, cores);
  }

  /** All policies of a seed come before the next seed. */
  add(policy: string, seed: number, calls: readonly CallRecord[]): void {
    const own = this.#gathered.get(policy) ?? {
      waiting: new WaitHistogram(),
      load: coreLoadOf(calls, this.#cores),
      answered: new Map<CoreId, number>(),
    };
    this.#gathered.set(policy, own);
    for (const { answer } of calls) {
      if (answer === undefined) continue;
      own.waiting.add(answer.started - answer.accepted);
      own.answered.set(answer.core, (own.answered.get(answer.core) ?? 0) + 1);
    }
    this.#moves.add(policy, seed, calls);
  }

  /** When all trials are over. */
  of(policy: string): PolicyActivity | undefined {
    const own = this.#gathered.get(policy);
    if (own === undefined) return undefined;
    return { waiting: own.waiting.counts, load: own.load, answered: own.answered, moves: this.#moves.of(policy) };
  }
}
