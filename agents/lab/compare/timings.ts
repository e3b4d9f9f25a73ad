import type { BootedKernel } from '../../../kernel/boot.js';
import type { Clock } from '../../../kernel/clock.js';
import type { Millis, SyscallId } from '../../../syscalls/syscall.js';
import { quantilesOf, sumOf } from '../metrics/statistics.js';
import type { CallRecord } from './call-record.js';

/** What scheduling took, on the kernel's stopwatch. */
export interface OverheadFigures {
  /** Milliseconds of one decision. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Milliseconds of predictions and decisions by call. */
  readonly perCallMs: number | null;
  /** The same as a share of the time that calls were on a core. */
  readonly share: number | null;
}

/** Watches a kernel: how long each syscall was on a core, and what the policy's decisions took. */
export class Timings {
  readonly #since = new Map<SyscallId, Millis>();
  readonly #onCore = new Map<SyscallId, Millis>();
  readonly #decisions: Millis[] = [];

  constructor({ events }: Pick<BootedKernel, 'events'>, clock: Clock) {
    const pause = ({ call }: { readonly call: { readonly id: SyscallId } }) => this.#pause(call.id, clock.now());
    events.on('started', ({ call }) => this.#since.set(call.id, clock.now()));
    events.on('closed', pause);
    events.on('final', pause);
    events.on('tick', ({ decisionMs }) => this.#decisions.push(decisionMs));
  }

  /** Time on a core, without suspensions and waits for a retry. Read once: the syscall is forgotten. */
  takeServiceMs(id: SyscallId): Millis | undefined {
    const total = this.#onCore.get(id);
    this.#onCore.delete(id);
    return total;
  }

  /** @param predictMs milliseconds that predictions took */
  overhead(calls: readonly CallRecord[], predictMs: Millis): OverheadFigures {
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

  #pause(id: SyscallId, now: Millis): void {
    const since = this.#since.get(id);
    if (since === undefined) return;
    this.#since.delete(id);
    this.#onCore.set(id, (this.#onCore.get(id) ?? 0) + now - since);
  }
}
