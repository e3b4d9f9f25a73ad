import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sumOf } from '../../../../../agents/lab/metrics/statistics.js';
import { Activity } from '../../../../../agents/lab/render/page/activity.js';
import { coreLoadOf, LOAD_BINS } from '../../../../../agents/lab/render/page/core-load.js';
import { Moves } from '../../../../../agents/lab/render/page/moves.js';
import { AT_ONCE_MS, BINS_PER_DECADE, WaitHistogram } from '../../../../../agents/lab/render/page/wait-histogram.js';
import { madeCall, unanswered } from './made-comparison.js';

describe('histogram of waiting times', () => {
  test('each wait is in the bin that holds it', () => {
    const waits = [0, 0.5, 1, 9.99, 10.01, 5000, 1e12];
    const histogram = new WaitHistogram();
    for (const wait of waits) histogram.add(wait);
    const { atOnce, bins, total } = histogram.counts;
    expect(atOnce).toBe(2);
    expect(total).toBe(waits.length);
    const edge = (bin: number) => AT_ONCE_MS * 10 ** (bin / BINS_PER_DECADE);
    for (const wait of [1, 9.99, 10.01, 5000]) {
      const bin = bins.findIndex((_, i) => wait >= edge(i) && wait < edge(i + 1));
      expect(bins[bin]).toBe(1);
    }
    expect(bins.at(-1)).toBe(1);
  });
});

describe('load of the cores', () => {
  const cores = ['small', 'large'];

  test('a core with two calls at once has two in flight, and another none', () => {
    const times = { accepted: 0, started: 0, ended: 1200 };
    const { spanMs, inFlight } = coreLoadOf([madeCall({ answer: times }), madeCall({ answer: times })], cores);
    expect(spanMs).toBe(1200);
    expect(inFlight[0]).toEqual(new Array(LOAD_BINS).fill(2));
    expect(inFlight[1]).toEqual(new Array(LOAD_BINS).fill(0));
  });

  test('no calls, calls without an answer and calls of no length are no load', () => {
    const none = cores.map(() => new Array(LOAD_BINS).fill(0));
    expect(coreLoadOf([], cores)).toEqual({ spanMs: 0, inFlight: none });
    expect(coreLoadOf([unanswered(0, 0), unanswered(1, 100)], cores)).toEqual({ spanMs: 105, inFlight: none });
    expect(coreLoadOf([madeCall({ answer: { ended: 0 } })], cores).spanMs).toBe(0);
  });

  test('its area is the time that calls were on the core, suspensions left out', () => {
    const call = fc.record({
      accepted: fc.integer({ min: 0, max: 5000 }),
      wait: fc.integer({ min: 0, max: 3000 }),
      stay: fc.integer({ min: 1, max: 9000 }),
      running: fc.double({ min: 0.1, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 30 }), (drawn) => {
        const calls = drawn.map(({ accepted, wait, stay, running }) =>
          madeCall({
            answer: { accepted, started: accepted + wait, ended: accepted + wait + stay, serviceMs: stay * running },
          }),
        );
        const { spanMs, inFlight } = coreLoadOf(calls, cores);
        const area = (sumOf(inFlight[0] as number[]) * spanMs) / LOAD_BINS;
        expect(area).toBeCloseTo(sumOf(calls.map(({ answer }) => answer?.serviceMs ?? 0)), 4);
      }),
    );
  });
});

describe('moves between the base and a policy', () => {
  const on = (core: string, run: number, score: number, costUsd: number) =>
    madeCall({ run, score, costUsd, answer: { core } });

  test('the same call is found by run and step, over all seeds, whichever policy comes first', () => {
    const moves = new Moves('base', ['small', 'large']);
    moves.add('own', 1, [on('large', 0, 1, 0.5), on('small', 0, 0, 0.1), on('small', 1, 1, 0.1)]);
    // The runs end in another order here.
    moves.add('base', 1, [on('small', 1, 1, 0.1), on('small', 0, 0, 0.1), on('large', 0, 1, 0.5)]);
    moves.add('own', 2, [on('large', 0, 1, 0.5)]);
    moves.add('base', 2, [on('small', 0, 1, 0.1)]);
    expect(moves.of('own')).toEqual([
      { from: 'small', to: 'large', calls: 2, score: 1, costUsd: expect.closeTo(0.8) },
      { from: 'small', to: 'small', calls: 1, score: 0, costUsd: 0 },
      { from: 'large', to: 'small', calls: 1, score: -1, costUsd: expect.closeTo(-0.4) },
    ]);
    expect(moves.of('base')).toEqual([]);
  });

  test('a call that failed or never ended went nowhere', () => {
    const moves = new Moves('base', ['small']);
    moves.add('base', 1, [on('small', 0, 1, 0.1), on('small', 1, 1, 0.1)]);
    moves.add('own', 1, [unanswered(0, 0)]);
    expect(moves.of('own')).toEqual([
      { from: 'small', to: undefined, calls: 2, score: -2, costUsd: expect.closeTo(-0.2) },
    ]);
  });
});

test('waits and answers are of all seeds, the load of the cores is of the first', () => {
  const activity = new Activity('base', ['small', 'large']);
  activity.add('base', 1, [madeCall({ answer: { ended: 100 } }), unanswered(1, 0)]);
  activity.add('base', 2, [madeCall({ answer: { core: 'large', started: 50, ended: 900 } })]);
  const base = activity.of('base');
  expect(base?.waiting).toMatchObject({ atOnce: 1, total: 2 });
  expect(base?.answered).toEqual(
    new Map([
      ['small', 1],
      ['large', 1],
    ]),
  );
  expect(base?.load.spanMs).toBe(100);
  expect(activity.of('nobody')).toBeUndefined();
});
