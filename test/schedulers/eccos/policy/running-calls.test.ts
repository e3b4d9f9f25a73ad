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

test('the first of several calls ends sooner than any of them is expected to; what has ended does not count', () => {
  const running = new RunningCalls();
  running.start('a', { core: 'x', since: 1000, expectedMs: 600 });
  running.start('b', { core: 'x', since: 1000, expectedMs: 300 });
  running.start('c', { core: 'y', since: 1000, expectedMs: 500 });
  running.start('d', { core: 'y', since: 1000, expectedMs: 1 });
  running.end('d');
  const [x, y, z] = running.releases(['x', 'y', 'z'], 1000);
  expect(x!.running).toBe(2);
  expect(x!.firstMs).toBeCloseTo(200);
  expect(y!.firstMs).toBeCloseTo(500);
  expect([y!.running, z]).toEqual([1, { running: 0, firstMs: Infinity }]);
});

test('the first slot of twelve is free about when it is expected to be', () => {
  const draw = uniform(4);
  const lives = Array.from({ length: 100_000 }, () => Math.exp(0.6 * normal(draw) - 0.18));
  const longest = Math.max(...lives);
  // Who is found running is more likely to be one that takes long.
  const found = () => {
    for (;;) {
      const life = lives[Math.floor(draw() * lives.length)]!;
      if (draw() < life / longest) return life;
    }
  };
  const sums = { expected: 0, real: 0 };
  for (let look = 0; look < 500; look++) {
    const running = new RunningCalls();
    let first = Infinity;
    for (let slot = 0; slot < 12; slot++) {
      const life = found();
      const elapsed = draw() * life;
      first = Math.min(first, life - elapsed);
      running.start(`${slot}`, { core: 'x', since: -1000 * elapsed, expectedMs: 1000 });
    }
    sums.expected += running.releases(['x'], 0)[0]!.firstMs;
    sums.real += 1000 * first;
  }
  expect(sums.expected / sums.real).toBeGreaterThan(0.7);
  expect(sums.expected / sums.real).toBeLessThan(1.1);
});
