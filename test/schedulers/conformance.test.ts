import { describe, expect, test } from 'vitest';
import { conformanceCases } from '../../schedulers/conformance/conformance.js';
import { fifo } from '../../schedulers/fifo.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy, type PolicyServices, policyNames } from '../../schedulers/registry.js';
import { madeUpPredictor } from '../support/made-up-predictor.js';

const services: PolicyServices = {
  predictor: () => madeUpPredictor(),
  neighbours: () => madeUpPredictor(),
  known: ({ seq }, core) => ({ score: (seq + core.length) % 2, costUsd: ((seq * 7 + core.length) % 5) / 100 }),
};

describe.each([
  ...policyNames(),
  'round-robin:timeSliceMs=50',
  'random:seed=7',
  'eccos:patience=0.5',
  'eccos:budgetPerHour=0.01',
])('%s', (spec) => {
  for (const { name, run } of conformanceCases(() => createPolicy(spec, services))) test(name, run);
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
