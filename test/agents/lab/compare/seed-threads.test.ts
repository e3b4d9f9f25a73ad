import { expect, onTestFinished, test } from 'vitest';
import { rangeOf } from '../../../../agents/lab/compare/aim.js';
import { playLane, SeedTurns } from '../../../../agents/lab/compare/lane.js';
import { Match } from '../../../../agents/lab/compare/match.js';
import { RecordNumbers } from '../../../../agents/lab/compare/record-draws.js';
import type { SeedPlan, SeedResult } from '../../../../agents/lab/compare/seed-play.js';
import { SeedThreads } from '../../../../agents/lab/compare/seed-threads.js';
import { DEFAULTS } from './small-comparison.js';

const CALLS = 60;
const OPTIONS = { ...DEFAULTS, policies: ['fifo', 'round-robin', 'eccos:alpha=0.6'], syscalls: CALLS };

async function planned(seeds: number): Promise<{ match: Match; plan: SeedPlan }> {
  const match = await Match.open(OPTIONS);
  onTestFinished(() => match.close());
  const sweeps = new Map(match.contenders.map((contender) => [contender, []]));
  const range = rangeOf(await match.singles(1, new RecordNumbers()), CALLS);
  const rules = { speed: 1, alpha: null };
  return { match, plan: { seeds, rules, range, sweeps, dialled: [], dialSeeds: 0, calls: true } };
}

const bySeed = (results: readonly SeedResult[]) => results.toSorted((a, b) => a.seed - b.seed);

test('seeds come out the same in a thread, and each is played once', async () => {
  const { match, plan } = await planned(2);
  const here: SeedResult[] = [];
  await playLane(match, plan, new SeedTurns(2), { onCall() {}, onSeed: (result) => here.push(result) });

  let calls = 0;
  const there: SeedResult[] = [];
  const watcher = { onCall: () => void calls++, onSeed: (result: SeedResult) => there.push(result) };
  const threads = new SeedThreads(1, { options: OPTIONS, plan, turns: new SeedTurns(2), ahead: 1 }, watcher);
  await threads.done();
  await threads.close();
  expect(bySeed(there)).toEqual(bySeed(here));
  expect(calls).toBe(2 * 3 * CALLS);
}, 60_000);

test('a close ends a thread within the call that it plays', async () => {
  const { plan } = await planned(1000);
  let calls = 0;
  let isClosed = false;
  const watcher = {
    onCall: () => {
      if (!isClosed) calls++;
    },
    onSeed() {},
  };
  const threads = new SeedThreads(1, { options: OPTIONS, plan, turns: new SeedTurns(1000), ahead: 1 }, watcher);
  while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await threads.close();
  isClosed = true;
  await expect(threads.done()).rejects.toThrow('The comparison has ended');
}, 60_000);
