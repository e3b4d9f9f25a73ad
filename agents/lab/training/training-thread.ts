import type { MessagePort } from 'node:worker_threads';
import { exportHeads } from './export-heads.js';
import { trainHeads } from './train-heads.js';
import type { TrainingJob, TrainingResult } from './training-pool.js';

/** What the pool calls in the thread. */
export function train({ job, port }: { readonly job: TrainingJob; readonly port: MessagePort }): TrainingResult {
  const { net, scale, profiles, nets } = trainHeads(job.train, job.validation, job.models, {
    seed: job.seed,
    onProgress: (share) => port.postMessage(share),
  });
  port.close();
  return { heads: exportHeads(net), scale, profiles, nets };
}
