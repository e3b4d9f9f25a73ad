import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateWindow, WINDOW_MS } from '../../../kernel/capacity/rate-window.js';

interface Seen {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

test('in no minute, however it is cut and wherever tokens are counted, are there more than the limits', () => {
  const call = {
    ...{ wait: fc.integer({ min: 0, max: 20_000 }), ms: fc.integer({ min: 0, max: 90_000 }) },
    ...{ expected: fc.integer({ min: 1, max: 60 }), used: fc.double({ min: 0, max: 1, noNaN: true }) },
  };
  fc.assert(
    fc.property(
      fc.array(fc.record(call), { maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 60, max: 150 }),
      (calls, requestsPerMinute, tokensPerMinute) => {
        const window = new RateWindow({ requestsPerMinute, tokensPerMinute });
        const seen: Seen[] = [];
        const running: { readonly at: number; readonly end: () => void }[] = [];
        let now = 0;
        for (const { wait, ms, expected, used } of calls) {
          now += wait;
          // Requests end while this one waits, each at its time.
          for (;;) {
            const [first] = running;
            const opens = window.opensAt(now, expected);
            expect(opens).toBeGreaterThanOrEqual(now);
            if (opens === now && (first === undefined || first.at > now)) break;
            now = Math.max(now, Math.min(opens, first?.at ?? opens));
            if (first !== undefined && first.at <= now) running.shift()?.end();
          }
          const settle = window.take(now, expected);
          const tokens = Math.floor(expected * used);
          seen.push({ start: now, end: now + ms, tokens });
          running.push({ at: now + ms, end: () => settle(tokens, now) });
          running.sort((a, b) => a.at - b.at);
        }
        for (const at of [({ start }: Seen) => start, ({ end }: Seen) => end]) {
          for (const last of seen.map(at)) {
            const minute = seen.filter((one) => at(one) > last - 60_000 && at(one) <= last);
            expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(tokensPerMinute);
          }
        }
        for (const { start: last } of seen) {
          const minute = seen.filter(({ start }) => start > last - 61_000 && start <= last);
          expect(minute.length).toBeLessThanOrEqual(requestsPerMinute);
        }
      },
    ),
  );
});

test('opens when the oldest request is a minute old, and a second more for the way to the provider', () => {
  const window = new RateWindow({ requestsPerMinute: 2 });
  window.take(0, 1);
  window.take(10_000, 1);
  expect(window.opensAt(20_000, 1)).toBe(61_000);
  expect(window.requestsLeft(60_999)).toBe(0);
  expect(window.requestsLeft(61_000)).toBe(1);
});

test('what was not used is given back', () => {
  const window = new RateWindow({ tokensPerMinute: 100 });
  const settle = window.take(0, 90);
  expect(window.opensAt(1, 50)).toBe(1 + WINDOW_MS);
  settle(20, 1);
  expect(window.opensAt(1, 50)).toBe(1);
});

test('tokens of a long answer count until a minute after its end', () => {
  const window = new RateWindow({ tokensPerMinute: 100 });
  const settle = window.take(0, 60);
  expect(window.opensAt(200_000, 50)).toBe(200_000 + WINDOW_MS);
  settle(80, 200_000);
  expect(window.opensAt(230_000, 50)).toBe(261_000);
  expect(window.opensAt(261_000, 50)).toBe(261_000);
});

test('a call larger than the limit gets in when nothing else counts', () => {
  const window = new RateWindow({ tokensPerMinute: 100 });
  expect(window.opensAt(5, 1000)).toBe(5);
  const settle = window.take(5, 1000);
  settle(1000, 8);
  expect(window.opensAt(9, 1)).toBe(61_008);
});
