import { availableParallelism } from 'node:os';
import type { CallRecord } from './call-record.js';
import type { Contender } from './contender.js';
import { playLane, SeedTurns } from './lane.js';
import type { Match } from './match.js';
import type { CompareOptions } from './options.js';
import type { Results } from './results.js';
import { playedOn, type SeedPlan, type SeedResult } from './seed-play.js';
import { SeedThreads } from './seed-threads.js';

/** Receives the progress of the seeds. */
export interface SeedWatcher {
  /** One more call has ended. */
  onCall(): void;
  /** One policy has played one seed; in order of seeds. */
  onTrial?(policy: string, seed: number, calls: readonly CallRecord[]): Promise<void>;
}

/** Plays all seeds, on this thread and as many others as it is worth. The results are the same. */
export async function playSeeds(
  match: Match,
  options: CompareOptions,
  plan: SeedPlan,
  callsASeed: number,
  results: Results,
  { onCall, onTrial }: SeedWatcher,
): Promise<void> {
  const played = new Map<number, SeedResult>();
  let taken: Promise<void> = Promise.resolve();
  const take = async () => {
    for (let next = played.get(results.seeds + 1); next !== undefined; next = played.get(results.seeds + 1)) {
      played.delete(next.seed);
      results.add(next);
      const contenders = playedOn(plan, next.seed);
      for (const [i, { records }] of next.trials.entries()) {
        if (records !== undefined) await onTrial?.((contenders[i] as Contender).name, next.seed, records);
      }
    }
  };
  const watcher = {
    onCall,
    onSeed(result: SeedResult) {
      played.set(result.seed, result);
      taken = taken.then(take);
      // Who waits for it gets the error.
      taken.catch(() => {});
    },
  };
  const turns = new SeedTurns(plan.seeds);
  const count = threadsFor(options, plan, callsASeed);
  if (count === 0) await playLane(match, plan, turns, watcher);
  else
    await playBeside(new SeedThreads(count, { options, plan, turns, ahead: AHEAD }, watcher), () =>
      playLane(match, plan, turns, watcher, AHEAD),
    );
  await taken;
}

async function playBeside(threads: SeedThreads, play: () => Promise<void>): Promise<void> {
  try {
    await play();
    await threads.done();
  } finally {
    await threads.close();
  }
}

/** Of several lanes each takes no more than the next seed before its turn, or the last ones would be one lane's. */
const AHEAD = 1;
/** Fewer calls are played by the time that a thread has opened its predictors. */
const CALLS_A_LANE = 5000;
/** Each has the nets in memory. */
const MOST_LANES = 4;

/** Threads beside this one. None where time is real, nor for policies of a file, which cannot be handed over. */
function threadsFor({ live, measure, modules }: CompareOptions, plan: SeedPlan, callsASeed: number): number {
  if (live || measure || modules.length > 0) return 0;
  const trials = Array.from({ length: plan.seeds }, (_, i) => playedOn(plan, i + 1).length);
  const all = trials.reduce((sum, one) => sum + one, 0);
  const worth = Math.floor((all * callsASeed) / CALLS_A_LANE);
  return Math.max(0, Math.min(MOST_LANES, availableParallelism(), plan.seeds, worth) - 1);
}
