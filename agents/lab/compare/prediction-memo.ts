import type { PredictableCall, Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';

/** Predictions, and the real time that they took or had taken when they were made. */
export interface TimedPredictions {
  /** A row a call, a column a core. */
  readonly rows: readonly (readonly Prediction[])[];
  readonly ms: Millis;
}

interface Remembered {
  readonly row: readonly Prediction[];
  readonly ms: Millis;
}

/**
 * Predicts each call once for each list of cores, whichever policy asks and however often. It is asked for one call at a time
 * and for the cores in one order, so that a prediction depends neither on what comes beside it nor on who asks first.
 */
export class PredictionMemo {
  readonly #inner: Pick<Predictor, 'predict'>;
  readonly #stopwatch: () => Millis;
  /** By the ids of the cores, then by what a prediction rests on. */
  readonly #known = new Map<string, Map<string, Remembered>>();

  /** @param inner learns nothing meanwhile @param stopwatch real milliseconds from any moment on */
  constructor(inner: Pick<Predictor, 'predict'>, stopwatch: () => Millis) {
    this.#inner = inner;
    this.#stopwatch = stopwatch;
  }

  async predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]): Promise<TimedPredictions> {
    const inOrder = cores.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const places = cores.map((core) => inOrder.indexOf(core));
    const known = this.#of(inOrder);
    const rows: Prediction[][] = [];
    let ms = 0;
    for (const call of calls) {
      const key = keyOf(call);
      const remembered = known.get(key) ?? (await this.#make(call, inOrder));
      known.set(key, remembered);
      ms += remembered.ms;
      rows.push(places.map((place) => remembered.row[place] as Prediction));
    }
    return { rows, ms };
  }

  async #make(call: PredictableCall, cores: readonly CoreInfo[]): Promise<Remembered> {
    const startedAt = this.#stopwatch();
    const [row] = await this.#inner.predict([call], cores);
    return { row: row as readonly Prediction[], ms: this.#stopwatch() - startedAt };
  }

  #of(cores: readonly CoreInfo[]): Map<string, Remembered> {
    const key = cores.map(({ id }) => id).join('\n');
    const known = this.#known.get(key) ?? new Map<string, Remembered>();
    this.#known.set(key, known);
    return known;
  }
}

function keyOf({ tenant, inputTokens, params }: PredictableCall): string {
  return JSON.stringify([tenant, inputTokens, params.maxTokens, params.task, promptOf(params)]);
}
