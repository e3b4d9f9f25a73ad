import { describe, expect, test } from 'vitest';
import { measuredWork, modelledWork, realWork, type Work } from '../../../../agents/lab/compare/work.js';
import { decideMs, encodeMs, NETS_MS } from '../../../../agents/lab/compare/work-times.js';
import { VirtualClock } from '../../../../kernel/clock.js';
import type { PredictableCall } from '../../../../schedulers/eccos/predictor/prediction.js';
import type { PendingCall, SchedulableCore, SchedulerPolicy } from '../../../../schedulers/policy.js';

const callOf = (prompt: string): PredictableCall => ({
  tenant: 't',
  inputTokens: 10,
  params: { messages: [{ role: 'user', content: prompt }] },
});

/** What virtual time becomes while these calls are predicted together. */
async function timeOf(work: Work, clock: VirtualClock, prompts: readonly string[], realMs = 0): Promise<number> {
  const before = clock.now();
  const predict = async () => work.predicted(prompts.map(callOf), realMs);
  const counted = await clock.runUntil(clock.during(predict()));
  expect(clock.now() - before).toBeCloseTo(counted, 9);
  return counted;
}

class Counting implements SchedulerPolicy {
  readonly name = 'eccos';
  #ticks = 0;
  schedule() {
    this.#ticks++;
    return [];
  }
  status() {
    return { alpha: this.#ticks, predictedQuality: undefined };
  }
}

const snapshot = (pending: number, cores: number) => ({
  now: 0,
  pending: Array.from({ length: pending }, () => ({}) as PendingCall),
  cores: Array.from({ length: cores }, () => ({}) as SchedulableCore),
});

describe('modelled work', () => {
  test('encodes a text once, one after the other, and puts every call through the nets', async () => {
    const clock = new VirtualClock();
    const work = modelledWork(clock);
    expect(await timeOf(work, clock, ['one text', 'another one'])).toBeCloseTo(
      encodeMs('one text') + encodeMs('another one') + 2 * NETS_MS,
      9,
    );
    expect(await timeOf(work, clock, ['one text', 'one text'])).toBeCloseTo(2 * NETS_MS, 9);
    expect(await timeOf(work, clock, [])).toBe(0);
  });

  test('takes longer for longer texts, up to what the encoder looks at', () => {
    const times = [1, 100, 300, 2_000, 20_000].map((length) => encodeMs('a'.repeat(length)));
    expect(times[1]).toBeGreaterThan(times[0] as number);
    expect(times[2]).toBeGreaterThan(times[1] as number);
    expect(times[4]).toBe(times[3]);
  });

  test('decisions of the same policy take time, by calls and cores', () => {
    const clock = new VirtualClock();
    const policy = new Counting();
    const watched = modelledWork(clock).watch(policy);
    watched.schedule(snapshot(40, 5));
    expect(clock.now()).toBe(decideMs('eccos', 40, 5));
    expect([watched, watched.status?.()?.alpha]).toEqual([policy, 1]);
    expect(decideMs('eccos', 80, 5)).toBeGreaterThan(decideMs('eccos', 40, 5));
    expect(decideMs('fifo', 40, 5)).toBeLessThan(decideMs('eccos', 1, 1));
  });
});

test('measured work takes what it took', async () => {
  const clock = new VirtualClock();
  const work = measuredWork(clock);
  expect(await timeOf(work, clock, ['a'], 12.5)).toBe(12.5);
  const startedAt = work.stopwatch();
  work.watch(new Counting()).schedule(snapshot(1, 1));
  expect(work.stopwatch()).toBeGreaterThan(startedAt);
});

test('real work passes by itself', () => {
  const policy = new Counting();
  expect(realWork.watch(policy)).toBe(policy);
  expect(realWork.predicted([callOf('a')], 7)).toBe(7);
});
