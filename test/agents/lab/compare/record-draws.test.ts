import { expect, test } from 'vitest';
import { claimsOf, type Setting } from '../../../../agents/lab/compare/frontier.js';
import { drawn, RecordNumbers, type SeedCalls } from '../../../../agents/lab/compare/record-draws.js';
import { RECORD_DRAWS, SeedResamples } from '../../../../agents/lab/metrics/resamples.js';

/** Calls of these records that are right or wrong, at 1 dollar each. */
function calls(scores: readonly number[], record = scores.map((_, i) => i)): SeedCalls {
  return {
    record: Int32Array.from(record),
    score: Float64Array.from(scores),
    costUsd: new Float64Array(scores.length).fill(1),
    turnaroundMs: new Float64Array(scores.length).fill(100),
  };
}

test('draws of the records scatter as a sample of that many does, and cost is that of as many calls', () => {
  const own = calls(Array.from({ length: 400 }, (_, i) => i % 2));
  const draws = Array.from({ length: RECORD_DRAWS }, (_, draw) => drawn(own, draw));
  const mean = draws.reduce((sum, { quality }) => sum + quality, 0) / draws.length;
  const spread = Math.sqrt(draws.reduce((sum, { quality }) => sum + (quality - mean) ** 2, 0) / draws.length);
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
  // sqrt(.25 / 400) is .025.
  expect(Math.abs(spread - 0.025)).toBeLessThan(0.004);
  expect(
    draws.every(({ costUsd, meanTurnaroundMs }) => Math.abs(costUsd - 400) < 1e-9 && meanTurnaroundMs === 100),
  ).toBe(true);
});

test('a record counts as often in every seed', () => {
  const [forward, backward] = [calls([1, 0, 0], [0, 1, 2]), calls([0, 0, 1], [2, 1, 0])];
  for (let draw = 0; draw < 20; draw++) expect(drawn(backward, draw).quality).toBe(drawn(forward, draw).quality);
  const numbers = new RecordNumbers();
  expect(['a', 'b', 'a'].map((prompt) => numbers.of(prompt))).toEqual([0, 1, 0]);
});

test('seeds that agree are no proof where they played the same few records', () => {
  const scores = Array.from({ length: 50 }, (_, i) => i % 2);
  const setting = (name: string, own: SeedCalls | undefined, costUsd: number): Setting => ({
    name,
    seeds: [1, 2, 3].map(() => ({ quality: 0.5, costUsd, meanTurnaroundMs: 100, ...(own && { calls: own }) })),
  });
  const claim = (own: SeedCalls | undefined) => {
    const sweep = [setting('low', own, 50), setting('high', undefined, 200)];
    const routers = [
      {
        name: 'p',
        own: sweep[0] as Setting,
        sweep: [
          { ...(sweep[1] as Setting), seeds: sweep[1]?.seeds.map((s) => ({ ...s, quality: 0.9 })) ?? [] },
          ...sweep.slice(0, 1),
        ],
      },
      { name: 'q', own: setting('q', undefined, 100), sweep: [] },
    ];
    return claimsOf(routers, new SeedResamples(3))[0]?.savingAtEqualQuality;
  };
  expect(claim(undefined)).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  expect(claim(calls(scores))?.low).toBeLessThan(0.5);
});
