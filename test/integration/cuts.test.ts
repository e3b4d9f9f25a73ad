import { expect, test } from 'vitest';
import { cuts } from '../chaos/cuts.js';

/** `npm run chaos -- cuts` has the long run. */
const SEED = Number(process.env['SEED'] ?? 7);

test('connections that are cut at any byte, and a kernel that is killed, cost no text and repeat none', async () => {
  const report = await cuts({ cuts: 300, kills: 1, seed: SEED });
  expect(report.violations).toEqual([]);
  expect(report.cuts).toBeGreaterThanOrEqual(300);
  expect(report.answers).toBeGreaterThan(20);
}, 240_000);
