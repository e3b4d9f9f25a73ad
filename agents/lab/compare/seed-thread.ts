import type { MessagePort } from 'node:worker_threads';
import { ThreadGate } from '../../../schedulers/eccos/encoder/thread-gate.js';
import { playLane, SeedTurns } from './lane.js';
import { Match } from './match.js';
import type { SeedResult } from './seed-play.js';
import type { LaneJob } from './seed-threads.js';

/** Calls between two reports of progress. */
const CALLS_A_REPORT = 100;
/** The thread of the comparison plays at the same time, and encodes in two more. */
const ENCODER_THREADS = 1;

/** What the pool calls in the thread. */
export async function play({
  options,
  plan,
  turns,
  ahead,
  gate,
  port,
}: LaneJob & { readonly port: MessagePort }): Promise<void> {
  const inside = new ThreadGate(gate);
  let calls = 0;
  const report = () => {
    if (calls > 0) port.postMessage(calls);
    calls = 0;
  };
  await inside.through(async () => {
    const match = await Match.open(options, ENCODER_THREADS);
    try {
      const watcher = {
        onCall() {
          if (inside.isShut) throw new Error('The comparison has ended');
          if (++calls === CALLS_A_REPORT) report();
        },
        onSeed(result: SeedResult) {
          report();
          port.postMessage(result);
        },
      };
      await playLane(match, plan, new SeedTurns(plan.seeds, turns), watcher, ahead);
    } finally {
      await match.close();
    }
  });
  port.close();
}
