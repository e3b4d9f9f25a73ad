import { expect, test } from 'vitest';
import { type GrowthSetup, playGrowth } from '../../../../agents/lab/growth/growth.js';

const SETUP: GrowthSetup = {
  ...{ calls: 1000, callsAnHour: 200_000, agents: 2000, cores: 20, seats: 1, seed: 1 },
  policy: 'eccos:alpha=0.75,tickMs=100',
};

test('seats that each have a pool of the cores decide as one seat does, about as well', async () => {
  const [[one], pools] = [await playGrowth(SETUP), await playGrowth({ ...SETUP, seats: 2 })];
  const sum = (of: 'calls' | 'ended' | 'costUsd' | 'quality') => pools.reduce((total, pool) => total + pool[of], 0);
  expect(pools).toHaveLength(2);
  expect([one!.ended, sum('ended')]).toEqual([SETUP.calls, SETUP.calls]);
  expect([one!.calls, sum('calls')]).toEqual([SETUP.calls / 2, SETUP.calls / 2]);
  // Each pool has half of the calls to find its prices by: few calls say little, so the bound is wide.
  expect(sum('costUsd') / one!.costUsd).toBeLessThan(1.25);
  expect(Math.abs(sum('quality') - one!.quality) / one!.calls).toBeLessThan(0.06);
}, 60_000);

test('cores that cannot be divided among the seats are refused', async () => {
  await expect(playGrowth({ ...SETUP, seats: 3 })).rejects.toThrow('Expected cores to be a multiple of 15, got 20');
});
