import type { CoreId, SyscallId } from '../../../syscalls/syscall.js';
import type { FinishedCall, PendingCall, PolicyOutlook, SchedulableCore } from '../../policy.js';
import type { Prediction, Predictor } from '../predictor/prediction.js';

/** Predictions of one call by core. */
export type PredictedRow = ReadonlyMap<CoreId, Prediction>;

/** Predicts each call once, keeps the row until the call ends, and hands on what became of it: for rules that only read. */
export class PredictedCalls {
  readonly #predictor: Predictor;
  readonly #rows = new Map<SyscallId, PredictedRow>();
  /** Of the answers that were predicted: how many, and their predicted qualities added up. */
  readonly #expected = { calls: 0, quality: 0 };

  constructor(predictor: Predictor) {
    this.#predictor = predictor;
  }

  async prepare(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void> {
    const rows = await this.#predictor.predict(arrived, cores);
    for (const [i, { id }] of arrived.entries()) {
      this.#rows.set(id, new Map(cores.map((core, j) => [core.id, rows[i]?.[j] as Prediction])));
    }
  }

  /** Undefined where the predictor failed. */
  rowOf({ id }: PendingCall): PredictedRow | undefined {
    return this.#rows.get(id);
  }

  release(id: SyscallId, finished: FinishedCall | undefined): void {
    const row = this.#rows.get(id);
    this.#rows.delete(id);
    if (finished === undefined) return;
    const predicted = row?.get(finished.core);
    if (predicted !== undefined) {
      this.#expected.calls++;
      this.#expected.quality += predicted.quality;
    }
    this.#predictor.finished(finished);
  }

  feedback(call: FinishedCall, quality: number): void {
    this.#predictor.judged(call, quality);
  }

  /** @param alpha mean quality that the rule aims at, if it has such an aim */
  outlook(alpha: number | undefined): PolicyOutlook {
    const { calls, quality } = this.#expected;
    return { alpha, predictedQuality: calls === 0 ? undefined : quality / calls };
  }

  close(): Promise<void> {
    return this.#predictor.close();
  }
}
