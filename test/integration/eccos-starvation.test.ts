import { expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import { OverdueWitness } from '../support/overdue-witness.js';
import { playSimulated, SIMULATED, simulatedPredictor } from '../support/simulated-world.js';

/** The cores of the default config with a single slot each, which answer 1.6 calls a second between them. */
const NARROW = SIMULATED.map((core) => ({ ...core, cap: 1 }));

test.each([
  { waitPrice: 'never' },
  { waitPrice: '0.1' },
])('through the kernel, at twice what the cores can take, nobody is passed beyond the bound: %o', async (given) => {
  const policy = eccosPolicy(eccosParameters.parse({ alpha: '0.6', ...given }), simulatedPredictor('right', NARROW));
  const witness = new OverdueWitness(policy);
  const { calls, overCap } = await playSimulated({
    seed: 1,
    policy: witness.policy,
    calls: 600,
    rate: 3.2,
    cores: NARROW,
    more: (_, draw) => ({
      // Nine of ten outrank the tenth; a third insists on cores that all others want too.
      ...(draw() < 0.9 ? { priority: 9 } : {}),
      ...(draw() < 0.33 ? { models: ['tiny', 'small'] } : {}),
      ...(given.waitPrice !== 'never' && draw() < 0.5 ? { deadlineMs: 600_000 } : {}),
    }),
  });
  expect(witness.breaches).toEqual([]);
  expect(witness.overdue).toBeGreaterThan(100);
  expect(witness.mostPassed).toBeGreaterThan(0);
  expect(overCap).toBe(0);
  expect(calls.filter(({ reply }) => reply === undefined)).toEqual([]);
});
