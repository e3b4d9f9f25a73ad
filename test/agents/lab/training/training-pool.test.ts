import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TrainingJob, TrainingPool } from '../../../../agents/lab/training/training-pool.js';
import { PLANTED, planted } from './made-examples.js';

const jobs: readonly TrainingJob[] = [1, 2, 3].map((seed) => ({
  train: planted(200, seed),
  validation: planted(60, seed + 10),
  models: PLANTED,
  seed,
}));

let pools: readonly TrainingPool[] = [];
beforeAll(() => {
  pools = [new TrainingPool(1), new TrainingPool(2)];
});
afterAll(async () => {
  for (const pool of pools) await pool.close();
});

test('two threads give the same bytes as one, each job its own', async () => {
  const [one = [], two = []] = await Promise.all(pools.map((pool) => Promise.all(jobs.map((job) => pool.run(job)))));
  expect(two).toEqual(one);
  expect(new Set(one.map(({ heads }) => Buffer.from(heads).toString('hex'))).size).toBe(jobs.length);
  for (const { profiles, nets } of one) {
    expect(profiles.map(({ name }) => name)).toEqual(PLANTED);
    expect(nets).toHaveLength(4);
  }
});

test('progress comes from the thread', async () => {
  const shares: number[] = [];
  await pools[0]?.run(jobs[0] as TrainingJob, (share) => shares.push(share));
  expect(shares.length).toBeGreaterThan(0);
  expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
});

test('what fails in the thread rejects', async () => {
  const broken = { ...(jobs[0] as TrainingJob), train: undefined } as unknown as TrainingJob;
  await expect(pools[0]?.run(broken)).rejects.toThrow();
});
