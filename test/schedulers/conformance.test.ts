import { describe, expect, test } from 'vitest';
import { conformanceCases } from '../../schedulers/conformance/conformance.js';
import { fifo } from '../../schedulers/fifo.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy, type PolicyServices, policyNames } from '../../schedulers/registry.js';
import { madeUpPredictor } from '../support/made-up-predictor.js';

const services: PolicyServices = {
  predictor: () => madeUpPredictor(),
  neighbours: () => madeUpPredictor(),
  means: () => (_, core) => ({ quality: core.length / 10, costUsd: core.length / 100 }),
  known: ({ seq }, core) => ({ score: (seq + core.length) % 2, costUsd: ((seq * 7 + core.length) % 5) / 100 }),
};

/** Policies that may leave a slot idle while a call that could use it waits, and why. */
const WAITS: Readonly<Record<string, string>> = {
  cheapest: 'each call waits for the cheapest core',
  strongest: 'each call waits for the strongest core',
  oracle: 'each call waits for the core that is known to be best',
  'per-call': 'each call waits for the core of its own choice',
  'per-call-16nn': 'each call waits for the core of its own choice',
  subgradient: 'the last iterate may put more calls on a core than it has slots; those wait',
  eccos: 'a call may wait for a full core that saves more than the wait costs',
  'eccos:budgetPerHour=0.01': 'the same',
};

describe.each([
  ...policyNames(),
  'round-robin:timeSliceMs=50',
  'random:seed=7',
  'eccos:waitPrice=never',
  'eccos:fairness=program,waitPrice=never',
  'eccos:budgetPerHour=0.01',
])('%s', (spec) => {
  const cases = conformanceCases(() => createPolicy(spec, services), { waitsOnPurpose: WAITS[spec] });
  for (const { name, run } of cases) test(name, run);
});

describe('the suite fails a policy that', () => {
  const broken: Record<string, () => SchedulerPolicy> = {
    'places a call twice': () => changed((placed) => [...placed, ...placed.slice(0, 1)]),
    'places an unknown call': () => changed((placed) => placed.map((one) => ({ ...one, syscallId: 'nobody' }))),
    'puts everything on one core': () => changed((placed) => placed.map((one) => ({ ...one, core: 'core-0' }))),
    'leaves slots idle': () => changed((placed) => placed.slice(1)),
    'never serves anything': () => changed(() => []),
    'sorts the list it was given': () => ({
      name: 'broken',
      schedule: (snapshot) => {
        (snapshot.pending as unknown[]).reverse();
        return fifo().schedule(snapshot);
      },
    }),
    'draws lots': () => changed((placed) => (Math.random() < 0.5 ? placed.slice(1) : placed)),
  };
  test.each(Object.entries(broken))('%s', async (_, create) => {
    const verdicts = await Promise.allSettled(conformanceCases(create).map(({ run }) => run()));
    expect(verdicts.some(({ status }) => status === 'rejected')).toBe(true);
  });
});

function changed(change: (placed: ReturnType<SchedulerPolicy['schedule']>) => ReturnType<SchedulerPolicy['schedule']>) {
  const inner = fifo();
  return { name: 'broken', schedule: (snapshot) => change(inner.schedule(snapshot)) } satisfies SchedulerPolicy;
}
