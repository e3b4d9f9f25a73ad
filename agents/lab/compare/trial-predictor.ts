import { realClock, stopwatch } from '../../../kernel/clock.js';
import type { PredictableCall, Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { PredictionMemo, type TimedPredictions } from './prediction-memo.js';

/** A predictor that says how long it took. */
export type TimedPredictor = Omit<Predictor, 'predict'> & Pick<PredictionMemo, 'predict'>;

/** Predicts everything once and learns nothing. */
export function frozen(predictor: Predictor): TimedPredictor {
  const memo = new PredictionMemo(predictor, stopwatch);
  return {
    predict: (calls, cores) => memo.predict(calls, cores),
    finished() {},
    rated() {},
    close: () => predictor.close(),
  };
}

export function learning(predictor: Predictor): TimedPredictor {
  return {
    async predict(calls, cores): Promise<TimedPredictions> {
      const startedAt = stopwatch();
      const rows = await predictor.predict(calls, cores);
      return { rows, ms: stopwatch() - startedAt };
    },
    finished: (call) => predictor.finished(call),
    rated: (call, quality, weight) => predictor.rated(call, quality, weight),
    close: () => predictor.close(),
  };
}

/** A predictor as a policy sees it. Closing it does nothing: others may use it. */
export class TrialPredictor implements Predictor {
  readonly #open: () => Promise<TimedPredictor>;
  readonly #spend: (calls: readonly PredictableCall[], realMs: Millis) => void;
  #opened: Promise<TimedPredictor> | undefined;
  /** Nothing is learnt before the first prediction. */
  #ready: TimedPredictor | undefined;

  /** @param spend receives what was predicted together, and the real time that it took or had taken */
  constructor(open: () => Promise<TimedPredictor>, spend: (calls: readonly PredictableCall[], realMs: Millis) => void) {
    this.#open = open;
    this.#spend = spend;
  }

  async predict(
    calls: readonly PredictableCall[],
    cores: readonly CoreInfo[],
  ): Promise<readonly (readonly Prediction[])[]> {
    this.#opened ??= this.#open();
    this.#ready = await this.#opened;
    const { rows, ms } = await this.#ready.predict(calls, cores);
    this.#spend(calls, ms);
    // A prediction that is remembered must not come sooner than one that is made: others would run before it.
    await new Promise<void>((resolve) => realClock.after(0, resolve));
    return rows;
  }

  finished(call: Parameters<Predictor['finished']>[0]): void {
    this.#ready?.finished(call);
  }

  rated(...rating: Parameters<Predictor['rated']>): void {
    this.#ready?.rated(...rating);
  }

  async close(): Promise<void> {}
}
