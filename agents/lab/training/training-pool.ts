import { createRequire } from 'node:module';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import type { ModelProfile } from '../../../schedulers/eccos/predictor/artefact.js';
import type { FeatureScale } from '../../../schedulers/eccos/predictor/heads.js';
import type { LabelledPrompts } from './examples.js';
import type { TrainedNet } from './train-net.js';

/** All that one training needs. */
export interface TrainingJob {
  readonly train: LabelledPrompts;
  /** Stops the training, and measures the spread of the tokens. */
  readonly validation: LabelledPrompts;
  /** Each with at least one outcome in `train`. */
  readonly models: readonly string[];
  readonly seed: number;
}

export interface TrainingResult {
  /** Bytes of the ONNX file. */
  readonly heads: Uint8Array;
  readonly scale: FeatureScale;
  readonly profiles: readonly ModelProfile[];
  readonly nets: readonly Pick<TrainedNet, 'loss' | 'epoch'>[];
}

/** Trains in threads, one job a thread, so that the event loop stays free. */
export class TrainingPool {
  readonly #pool: Tinypool;

  /** @param threads most jobs at a time */
  constructor(threads: number) {
    this.#pool = new Tinypool({
      filename: createRequire(import.meta.url).resolve('#training-thread'),
      minThreads: 0,
      maxThreads: threads,
    });
  }

  /** @param onProgress receives the share that is done at most, 0 to 1 */
  async run(job: TrainingJob, onProgress: (share: number) => void = () => {}): Promise<TrainingResult> {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', onProgress);
    try {
      return await this.#pool.run({ job, port: port2 }, { name: 'train', transferList: [port2] });
    } finally {
      // The result comes by another way, and may overtake the last reports.
      for (let report = receiveMessageOnPort(port1); report !== undefined; report = receiveMessageOnPort(port1)) {
        onProgress(report.message);
      }
      port1.close();
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
