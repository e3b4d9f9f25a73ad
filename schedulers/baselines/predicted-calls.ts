import type { CoreId, SyscallId } from '../../syscalls/syscall.js';
import type { Prediction, Predictor } from '../eccos/predictor/prediction.js';
import type { PendingCall, SchedulerPolicy } from '../policy.js';

/** Predictions of one call by core. */
export type PredictedRow = ReadonlyMap<CoreId, Prediction>;

/** Predicts each call once, keeps the row until the call ends, and hands on the outcome: for rules that only read. */
export class PredictedCalls {
  readonly #predictor: Predictor;
  readonly #rows = new Map<SyscallId, PredictedRow>();
  /** Of the answers that were predicted: how many, and their predicted qualities added up. */
  readonly #expected = { calls: 0, quality: 0 };

  constructor(predictor: Predictor) {
    this.#predictor = predictor;
  }

  /** Undefined where the predictor failed. */
  rowOf({ id }: PendingCall): PredictedRow | undefined {
    return this.#rows.get(id);
  }

  /** All hooks of a policy but its decision. @param alpha mean quality that it aims at, if it has such an aim */
  hooks(alpha: number | undefined) {
    return {
      prepare: async (arrived, cores) => {
        const rows = await this.#predictor.predict(arrived, cores);
        for (const [i, { id }] of arrived.entries()) {
          this.#rows.set(id, new Map(cores.map((core, j) => [core.id, rows[i]?.[j] as Prediction])));
        }
      },
      release: (id, finished) => {
        const predicted = finished && this.#rows.get(id)?.get(finished.core);
        this.#rows.delete(id);
        if (finished === undefined) return;
        if (predicted !== undefined) {
          this.#expected.calls++;
          this.#expected.quality += predicted.quality;
        }
        this.#predictor.finished(finished);
      },
      feedback: (call, quality) => this.#predictor.rated(call, quality),
      status: () => {
        const { calls, quality } = this.#expected;
        return { alpha, predictedQuality: calls === 0 ? undefined : quality / calls };
      },
      close: () => this.#predictor.close(),
    } satisfies Partial<SchedulerPolicy>;
  }
}
