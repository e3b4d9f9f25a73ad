import { describe, expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import { type Belief, type Ended, playSimulated, simulatedPredictor } from '../support/simulated-world.js';

async function run(
  belief: Belief,
  { alpha, rate, seed, count }: { alpha: number; rate: number; seed: number; count: number },
) {
  const parameters = eccosParameters.parse({ alpha: String(alpha), marginClip: '0.5' });
  const policy = eccosPolicy(parameters, simulatedPredictor(belief));
  const { calls, overCap, kernel } = await playSimulated({ seed, policy, calls: count, rate });
  return { calls, overCap, stats: kernel.stats() };
}

function meanScore(calls: readonly Ended[]): number {
  return calls.reduce((sum, { score }) => sum + score, 0) / calls.length;
}

describe.each([
  { belief: 'random', alpha: 0.6, rate: 3, seed: 1 },
  { belief: 'constant', alpha: 0.55, rate: 4, seed: 2 },
  { belief: 'inverted', alpha: 0.6, rate: 3, seed: 1 },
] as const)('a predictor that is $belief', ({ belief, ...setting }) => {
  test('breaks no cap, loses no call, and realised quality comes to alpha', async () => {
    const count = 3000;
    const { calls, overCap, stats } = await run(belief, { ...setting, count });
    expect(overCap).toBe(0);
    expect(calls).toHaveLength(count);
    expect(calls.filter(({ reply }) => reply === undefined)).toEqual([]);
    expect(stats).toMatchObject({ syscalls: { done: count }, scheduler: { fallbacks: 0, invalidAssignments: 0 } });
    expect(stats.outlook).toMatchObject({ alpha: setting.alpha, outOfReach: false });
    expect(Math.abs(meanScore(calls.slice(-1000)) - setting.alpha)).toBeLessThan(0.03);
  });

  test('is distinguished from a target that no core reaches: the kernel says so, and serves every call', async () => {
    const { calls, overCap, stats } = await run(belief, { alpha: 0.95, rate: 3, seed: 3, count: 1000 });
    expect(overCap).toBe(0);
    expect(calls.filter(({ reply }) => reply === undefined)).toEqual([]);
    expect(stats.outlook).toMatchObject({ alpha: 0.95, outOfReach: true });
    expect(calls.at(-1)?.reply?.reason).toMatch(/; the target is out of reach$/);
  });
});
