import { describe, expect, test } from 'vitest';
import { callsOf, speedUp } from '../../../../agents/lab/load/load.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { recordedLoad } from '../../../../agents/lab/load/recorded-load.js';
import { LOAD_SHAPES, type LoadName } from '../../../../agents/lab/load/shapes.js';

const NAMES = (Object.keys(LOAD_SHAPES) as LoadName[]).filter((name) => name !== 'flood');

describe.each(NAMES)('load %s', (name) => {
  const draw = (seed: number, agents = 20, calls = 300) =>
    LOAD_SHAPES[name].draw(new Random(seed), { agents, calls, rate: 10 });

  test('the same seed draws the same load, another seed another one', () => {
    expect(JSON.stringify(draw(1))).toBe(JSON.stringify(draw(1)));
    expect(JSON.stringify(draw(1))).not.toBe(JSON.stringify(draw(2)));
  });

  test.each([
    [1, 1],
    [2, 37],
    [10, 300],
    [2000, 2500],
  ])('%i agents make exactly %i calls, in order of time', (agents, calls) => {
    const load = draw(3, agents, calls);
    expect(callsOf(load)).toBe(calls);
    expect(load.runs.every((run) => run.agent >= 0 && run.agent < agents)).toBe(true);
    expect(load.runs.map((run) => run.at)).toEqual(load.runs.map((run) => run.at).toSorted((a, b) => a - b));
  });

  test('each call has a name of its own', () => {
    const ids = draw(4).runs.flatMap((run) => run.calls.map((call) => call.promptId));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('the mixed load has batches, multi-step runs, single calls, short and long answers', () => {
  const load = LOAD_SHAPES.mixed.draw(new Random(1), { agents: 50, calls: 1000, rate: 10 });
  const together = Math.max(...counts(load.runs.map((run) => run.at)));
  expect(together).toBeGreaterThanOrEqual(20);
  expect(load.runs.filter((run) => run.calls.length > 1).length).toBeGreaterThan(10);
  expect(load.runs.filter((run) => run.calls.length === 1).length).toBeGreaterThan(600);
});

test('sped up, arrivals come closer and pauses stay', () => {
  const load = LOAD_SHAPES.mixed.draw(new Random(1), { agents: 10, calls: 100, rate: 1 });
  const fast = speedUp(load, 4);
  expect(fast.runs[50]?.at).toBeCloseTo((load.runs[50]?.at ?? 0) / 4);
  expect(fast.runs[50]?.calls).toBe(load.runs[50]?.calls);
});

test('records are drawn without replacement, then shuffled again', () => {
  const records = Array.from({ length: 10 }, (_, i) => ({ id: `r${i}`, dataset: 'd', prompt: `p${i}` }));
  const times = Array.from({ length: 25 }, (_, i) => i * 100);
  const ids = recordedLoad(new Random(1), records, times, 3).runs.map((run) => run.calls[0]?.promptId);
  const all = records.map((record) => record.id);
  expect(ids.slice(0, 10).toSorted()).toEqual(all);
  expect(ids.slice(10, 20).toSorted()).toEqual(all);
  expect(ids.slice(0, 10)).not.toEqual(ids.slice(10, 20));
  expect(new Set(ids.slice(20)).size).toBe(5);
});

function counts(values: readonly number[]): number[] {
  const found = new Map<number, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return [...found.values()];
}
