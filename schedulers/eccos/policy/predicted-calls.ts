import type { CoreId, SyscallId } from '../../../syscalls/syscall.js';
import type { FinishedCall, PendingCall, SchedulableCore } from '../../policy.js';
import type { Prediction, Predictor } from '../predictor/prediction.js';

/** Predictions of one call by core. */
export type PredictedRow = ReadonlyMap<CoreId, Prediction>;

/** Predicts each call once, keeps the row until the call ends, and hands on what became of it: for rules that only read. */
export class PredictedCalls {
  readonly #predictor: Predictor;
  readonly #rows = new Map<SyscallId, PredictedRow>();

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
    this.#rows.delete(id);
    if (finished !== undefined) this.#predictor.finished(finished);
  }

  feedback(call: FinishedCall, quality: number): void {
    this.#predictor.judged(call, quality);
  }

  close(): Promise<void> {
    return this.#predictor.close();
  }
}
