import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateWindow } from '../../../kernel/capacity/rate-window.js';

test('in no minute, however it is cut, are there more requests or tokens than the limits', () => {
  const steps = fc.array(
    fc.record({ wait: fc.integer({ min: 0, max: 20_000 }), tokens: fc.integer({ min: 1, max: 60 }) }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 60, max: 150 }),
      (calls, requestsPerMinute, tokensPerMinute) => {
        const window = new RateWindow({ requestsPerMinute, tokensPerMinute });
        const started: { at: number; tokens: number }[] = [];
        let now = 0;
        for (const { wait, tokens } of calls) {
          now += wait;
          const at = window.opensAt(now, tokens);
          expect(at).toBeGreaterThanOrEqual(now);
          now = at;
          window.take(now, tokens);
          started.push({ at: now, tokens });
        }
        for (const { at: end } of started) {
          const minute = started.filter(({ at }) => at > end - 60_000 && at <= end);
          expect(minute.length).toBeLessThanOrEqual(requestsPerMinute);
          expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(tokensPerMinute);
        }
      },
    ),
  );
});

test('opens at the very moment at which the oldest request is a minute old', () => {
  const window = new RateWindow({ requestsPerMinute: 2 });
  window.take(0, 1);
  window.take(10_000, 1);
  expect(window.opensAt(20_000, 1)).toBe(60_000);
  expect(window.requestsLeft(59_999)).toBe(0);
  expect(window.requestsLeft(60_000)).toBe(1);
});

test('what was not used is given back', () => {
  const window = new RateWindow({ tokensPerMinute: 100 });
  const settle = window.take(0, 90);
  expect(window.opensAt(1, 50)).toBe(60_000);
  settle(20);
  expect(window.opensAt(1, 50)).toBe(1);
});

test('a call larger than the limit gets in when the minute is empty', () => {
  const window = new RateWindow({ tokensPerMinute: 100 });
  expect(window.opensAt(5, 1000)).toBe(5);
  window.take(5, 1000);
  expect(window.opensAt(6, 1)).toBe(60_005);
});
