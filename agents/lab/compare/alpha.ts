import type { Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { FinishedCall, PendingCall, SchedulableCore, SchedulerPolicy } from '../../../schedulers/policy.js';
import { RoundRobin } from '../../../schedulers/round-robin.js';
import type { CoreId, SyscallId } from '../../../syscalls/syscall.js';

/** Above round-robin's mean predicted quality, where no alpha is given. */
const ABOVE_ROUND_ROBIN = 0.02;

/**
 * The alpha of a comparison that was not given one: never below what round-robin really reaches, however wrong predictions are.
 *
 * @param predicted mean quality of round-robin @param realised by its answers
 */
export function alphaAbove({ predicted, realised }: { readonly predicted: number; readonly realised: number }): number {
  return Number(Math.min(1, Math.max(predicted + ABOVE_ROUND_ROBIN, realised)).toFixed(4));
}

/** Round-robin, watched by a predictor: `status` reports the mean quality that is expected of the cores it chose. */
export class WatchedRoundRobin implements SchedulerPolicy {
  readonly name = 'round-robin';
  readonly #inner = new RoundRobin();
  readonly #predictor: Predictor;
  readonly #expected = new Map<SyscallId, ReadonlyMap<CoreId, number>>();
  #sum = 0;
  #count = 0;

  constructor(predictor: Predictor) {
    this.#predictor = predictor;
  }

  async prepare(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void> {
    const rows = await this.#predictor.predict(arrived, cores);
    for (const [i, { id }] of arrived.entries()) {
      this.#expected.set(id, new Map(cores.map((core, j) => [core.id, rows[i]?.[j]?.quality ?? Number.NaN])));
    }
  }

  schedule(...[snapshot]: Parameters<SchedulerPolicy['schedule']>) {
    return this.#inner.schedule(snapshot);
  }

  release(id: SyscallId, finished: FinishedCall | undefined): void {
    if (finished !== undefined) {
      this.#sum += this.#expected.get(id)?.get(finished.core) ?? Number.NaN;
      this.#count++;
    }
    this.#expected.delete(id);
  }

  status() {
    return { alpha: undefined, predictedQuality: this.#count === 0 ? undefined : this.#sum / this.#count };
  }
}
