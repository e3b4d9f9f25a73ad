import type { BootedKernel } from '../../../kernel/boot.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { CallRecord } from './call-record.js';
import { quantilesOf, sumOf } from './statistics.js';

/** What scheduling took, in real time. */
export interface OverheadFigures {
  /** Milliseconds of one decision. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Milliseconds of predictions and decisions by call. */
  readonly perCallMs: number | null;
  /** The same as a share of the time that calls were on a core. */
  readonly share: number | null;
}

/** Listens to a kernel's decisions. */
export class Overhead {
  readonly #decisions: Millis[] = [];

  constructor({ events }: Pick<BootedKernel, 'events'>) {
    events.on('tick', ({ decisionMs }) => this.#decisions.push(decisionMs));
  }

  /** @param predictMs real milliseconds that predictions took */
  figures(calls: readonly CallRecord[], predictMs: Millis): OverheadFigures {
    const [p50 = null, p99 = null] = quantilesOf(this.#decisions, [0.5, 0.99]);
    const total = sumOf(this.#decisions) + predictMs;
    const serviceMs = sumOf(calls.map(({ answer }) => answer?.serviceMs ?? 0));
    return {
      p50,
      p99,
      perCallMs: calls.length === 0 ? null : total / calls.length,
      share: serviceMs === 0 ? null : total / serviceMs,
    };
  }
}
