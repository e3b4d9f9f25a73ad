import { expect, test } from 'vitest';
import { type Held, soak } from '../chaos/soak.js';

/** `SOAK_SECONDS=60` for longer; `npm run soak` has ten minutes. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 6);

test('under cuts, cancels, faults and ratings nothing is left over: no handle, timer, descriptor or call', async () => {
  const { calls, cuts, held } = await soak({ seconds: SECONDS, seed: Number(process.env['SEED'] ?? 3), parts: 4 });
  expect(calls).toBeGreaterThan(100);
  expect(cuts).toBeGreaterThan(0);
  const [base, last] = [held[0] as Held, held.at(-1) as Held];
  expect(last.resources).toBeLessThanOrEqual(base.resources);
  expect(last.descriptors).toBeLessThanOrEqual(base.descriptors);
  // In a short run what is compiled and cached is more than what is left over: a leak of each call would be more still.
  expect(last.heapMb / base.heapMb).toBeLessThan(1.15);
}, 300_000);
