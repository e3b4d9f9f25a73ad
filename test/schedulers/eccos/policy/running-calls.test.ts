import { expect, test } from 'vitest';
import { RunningCalls, residualMs } from '../../../../schedulers/eccos/policy/running-calls.js';
import { uniform } from '../../../../schedulers/uniform.js';

/** A standard normal number, by Box and Muller. */
function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

test('the residual life is that of a log-normal time: mean 1, deviation of the logarithm .6', () => {
  const draw = uniform(3);
  const times = Array.from({ length: 200_000 }, () => Math.exp(0.6 * normal(draw) - 0.18));
  for (const elapsed of [0.3, 1, 2]) {
    const longer = times.filter((time) => time > elapsed);
    const mean = longer.reduce((sum, time) => sum + time - elapsed, 0) / longer.length;
    expect(residualMs(elapsed, 1) / mean, `after ${elapsed}`).toBeGreaterThan(0.97);
    expect(residualMs(elapsed, 1) / mean, `after ${elapsed}`).toBeLessThan(1.03);
  }
});

test('what has just started takes all its time, and what takes too long goes on', () => {
  expect([residualMs(0, 800), residualMs(-5, 800)]).toEqual([800, 800]);
  expect(residualMs(100_000, 800)).toBe(50_000);
});

test('slots are listed by core, the first that is free first; what has ended is not', () => {
  const running = new RunningCalls();
  running.start('a', { core: 'x', since: 0, expectedMs: 1000 });
  running.start('b', { core: 'x', since: 900, expectedMs: 100 });
  running.start('c', { core: 'y', since: 1000, expectedMs: 500 });
  running.start('d', { core: 'y', since: 1000, expectedMs: 1 });
  running.end('d');
  const [x, y, z] = running.remainingMs(['x', 'y', 'z'], 1000);
  expect(x).toHaveLength(2);
  expect(x![0]).toBeLessThan(x![1]!);
  expect([y, z]).toEqual([[500], []]);
});
