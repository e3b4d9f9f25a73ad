import type { CoreInfo } from '../../../syscalls/cores.js';
import { openPredictor, type PredictorFolders } from './open-predictor.js';
import type { AnsweredCall, PredictableCall, Prediction, Predictor } from './prediction.js';

/** A predictor that is opened at its first prediction, because a policy is made at once and files are not read at once. */
export class LazyPredictor implements Predictor {
  readonly #folders: PredictorFolders;
  #opened: Promise<Predictor> | undefined;
  /** The one above, once it is there: nothing is learnt before the first prediction. */
  #ready: Predictor | undefined;

  constructor(folders: PredictorFolders) {
    this.#folders = folders;
  }

  /** @throws SyscallError (rejects) `invalid-config` for a folder that holds no predictor */
  async predict(
    calls: readonly PredictableCall[],
    cores: readonly CoreInfo[],
  ): Promise<readonly (readonly Prediction[])[]> {
    this.#opened ??= openPredictor(this.#folders);
    this.#ready = await this.#opened;
    return this.#ready.predict(calls, cores);
  }

  finished(call: AnsweredCall): void {
    this.#ready?.finished(call);
  }

  judged(call: AnsweredCall, quality: number): void {
    this.#ready?.judged(call, quality);
  }

  async close(): Promise<void> {
    // One that could not be opened has said so, and holds nothing.
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }
}
