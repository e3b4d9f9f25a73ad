import { expect, test } from 'vitest';
import type { CallRecord } from '../../../../agents/lab/compare/call-record.js';
import { SeedBounds } from '../../../../agents/lab/compare/seed-bounds.js';

const CORES = [
  { id: 'small', cap: 1 },
  { id: 'large', cap: 1 },
];
const CALLS = 100;
const SERVICE_MS = { small: 1000, large: 2000 } as const;

/** Every call costs 1 dollar on the small core and 10 on the large one, which is right for sure. */
const bounds = () =>
  new SeedBounds(
    CORES,
    Array.from({ length: CALLS }, (_, i) => {
      const cells = [
        { quality: 0.5, costUsd: 1 + i / 1000, outputTokens: 100 },
        { quality: 0.9, costUsd: 10 + i / 1000, outputTokens: 100 },
      ];
      return { promptId: `p${i}`, inputTokens: 10, predicted: cells, known: cells };
    }),
  );

/** The first calls on the large core, the others on the small one; one arrives every `every` milliseconds. */
function played(onLarge: number, every: number): CallRecord[] {
  return Array.from({ length: CALLS }, (_, i): CallRecord => {
    const core = i < onLarge ? 'large' : 'small';
    const at = i * every;
    const ended = at + SERVICE_MS[core];
    const times = { accepted: at, started: at, firstToken: at, ended, serviceMs: SERVICE_MS[core] };
    const tokens = { inputTokens: 10, outputTokens: 100, reprefillTokens: 0 };
    const what = { agent: 0, run: i, promptId: `p${i}`, prompt: '?', end: 'done' as const, score: 1, costUsd: 1 };
    return { ...what, sentAt: at, endedAt: ended, answer: { core, ...tokens, ...times } };
  });
}

test('the bound at the quality that a policy chose is what that many calls on the large core cost', () => {
  const one = bounds();
  one.add('half', played(40, 1500));
  const { policies, curve } = one.figures([1, 100]);
  const { forecastQuality, boundUsd } = policies.get('half') ?? {};
  expect(forecastQuality).toBeCloseTo(0.4 * 0.9 + 0.6 * 0.5, 6);
  // 40 calls on the large core, and what is lost by fitting the time within 3 %.
  expect(Math.abs((boundUsd ?? 0) / (40 * 10 + 60 + 5) - 1)).toBeLessThan(0.03);
  expect(curve).toHaveLength(2);
});

test('calls that do not fit the time in which they come have no bound', () => {
  const one = bounds();
  one.add('half', played(40, 100));
  expect(one.figures([]).policies.get('half')?.boundUsd).toBeNull();
});

test('a setting of a sweep teaches times and has no bound of its own', () => {
  const one = bounds();
  one.add(undefined, played(40, 1500));
  expect([...one.figures([]).policies]).toEqual([]);
});
