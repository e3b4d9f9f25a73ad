import { expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import { type Played, playSimulated, SIMULATED, simulatedPredictor } from '../support/simulated-world.js';

const SEEDS = [1, 2, 3, 4, 5];
const CALLS = 250;

const eccos = (given: Record<string, string> = {}, cores = SIMULATED) =>
  eccosPolicy(eccosParameters.parse({ alpha: '0.6', ...given }), simulatedPredictor('right', cores));

/** Every call has 3 to 20 seconds: the longest answers of the slowest core take 15. */
function play(policy: SchedulerPolicy, seed: number, rate: number): Promise<Played> {
  const more = (_: number, draw: () => number) => ({ deadlineMs: 3000 + 17_000 * draw() });
  return playSimulated({ seed, policy, calls: CALLS, rate, more });
}

async function missShares(create: () => SchedulerPolicy, rate: number): Promise<number[]> {
  const shares = [];
  for (const seed of SEEDS) {
    const { calls, overCap } = await play(create(), seed, rate);
    expect([calls.length, overCap]).toEqual([CALLS, 0]);
    shares.push(calls.filter(({ code }) => code === 'expired').length / CALLS);
  }
  return shares;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Half of the 95 % interval of a mean, by Student's t with 4 degrees of freedom. */
function halfInterval(values: readonly number[]): number {
  const variance = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1);
  return 2.776 * Math.sqrt(variance / values.length);
}

test.each([4, 10])('at %i calls a second, eccos misses no more deadlines than fifo, fast cores first', async (rate) => {
  const fifo = await missShares(() => createPolicy('fifo'), rate);
  const most = mean(fifo) + halfInterval(fifo);
  for (const given of [{}, { waitPrice: 'never' }]) {
    expect(mean(await missShares(() => eccos(given), rate)), JSON.stringify(given)).toBeLessThanOrEqual(most);
  }
});

test('waiting for a cheaper core on purpose never makes a call miss a deadline that can be foreseen', async () => {
  // Answers of one length and cores of one speed: nothing but other calls can come in between.
  const cores = SIMULATED.map((core) => ({ ...core, slowdown: 0, answerTokens: { ...core.answerTokens, spread: 0 } }));
  let waited = 0;
  for (const seed of SEEDS) {
    const { policy, patient } = watched(eccos({ alpha: '0.5', waitPrice: '0.1' }, cores));
    const more = (_: number, draw: () => number) => ({ deadlineMs: 8000 + 40_000 * draw() });
    const { calls } = await playSimulated({ seed, policy, calls: CALLS, rate: 5, cores, more });
    expect(calls.filter(({ code }) => code === 'expired')).toEqual([]);
    waited += patient.size;
  }
  expect(waited).toBeGreaterThan(100);
});

/** The policy, and the calls that it has let wait on purpose. */
function watched(policy: SchedulerPolicy) {
  const patient = new Set<SyscallId>();
  const watching: SchedulerPolicy = {
    name: policy.name,
    prepare: async (...args) => policy.prepare?.(...args),
    schedule(snapshot) {
      const assignments = policy.schedule(snapshot);
      for (const { id } of snapshot.pending) {
        if (policy.explain?.(id)?.[0]?.startsWith('waits for')) patient.add(id);
      }
      return assignments;
    },
    release: (...args) => policy.release?.(...args),
    feedback: (...args) => policy.feedback?.(...args),
  };
  return { policy: watching, patient };
}
