import { createRequire } from 'node:module';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { ThreadGate } from '../../../schedulers/eccos/encoder/thread-gate.js';
import type { LaneWatcher, SeedTurns } from './lane.js';
import type { CompareOptions } from './options.js';
import type { SeedPlan, SeedResult } from './seed-play.js';

/** All that a thread needs to play seeds of a comparison. */
export interface LaneJob {
  readonly options: CompareOptions;
  readonly plan: SeedPlan;
  /** Seeds that it takes before their turn. */
  readonly ahead: number;
  /** Cells of the turns that all lanes share. */
  readonly turns: Int32Array<ArrayBufferLike>;
  /** Cells of the gate inside which it plays. */
  readonly gate: Int32Array<ArrayBufferLike>;
}

type Report = number | SeedResult;

/** Lanes of a comparison in threads of their own. A thread that is ended while it predicts takes the process with it: `ThreadGate`. */
export class SeedThreads {
  readonly #pool: Tinypool;
  readonly #gate = new ThreadGate();
  readonly #lanes: readonly Promise<void>[];

  /** Starts them; they play until all turns are taken. @param threads one or more */
  constructor(
    threads: number,
    { turns, ...what }: Pick<LaneJob, 'options' | 'plan' | 'ahead'> & { readonly turns: SeedTurns },
    watcher: LaneWatcher,
  ) {
    const filename = createRequire(import.meta.url).resolve('#seed-thread');
    this.#pool = new Tinypool({ filename, name: 'play', minThreads: threads, maxThreads: threads, execArgv: [] });
    process.once('exit', this.#gate.shut);
    const job = { ...what, turns: turns.cells, gate: this.#gate.cells };
    this.#lanes = Array.from({ length: threads }, () => this.#play(job, watcher));
    // Who waits for them gets the error.
    for (const lane of this.#lanes) lane.catch(() => {});
  }

  /** Settles when all have ended. @throws what the first one that failed threw */
  async done(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  /** Ends them within the call that they play. */
  async close(): Promise<void> {
    this.#gate.shut();
    await Promise.allSettled(this.#lanes);
    await this.#pool.destroy();
    process.off('exit', this.#gate.shut);
  }

  async #play(job: LaneJob, watcher: LaneWatcher): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const take = (report: Report) => {
      if (typeof report !== 'number') return watcher.onSeed(report);
      for (let calls = 0; calls < report; calls++) watcher.onCall();
    };
    port1.on('message', take);
    try {
      await this.#pool.run({ ...job, port: port2 } satisfies LaneJob & { port: MessagePort }, {
        transferList: [port2],
      });
    } finally {
      // The end comes by another way, and may overtake the last reports.
      for (let report = receiveMessageOnPort(port1); report !== undefined; report = receiveMessageOnPort(port1)) {
        take(report.message as Report);
      }
      port1.close();
    }
  }
}
