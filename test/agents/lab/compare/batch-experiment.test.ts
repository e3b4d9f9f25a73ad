import { describe, expect, test } from 'vitest';
import { type ExperimentOptions, runExperiment } from '../../../../agents/lab/compare/batch-experiment.js';
import { compareReport } from '../../../../agents/lab/compare/report.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { fieldFrom, type Row } from './made-field.js';

/** Without resamples: a mean needs none. */
const OPTIONS: ExperimentOptions = { batch: 64, capped: false, seed: 1, resamples: 0, onStart() {}, onCall() {} };

/** The same in less time, where the size does not matter. */
const SMALL = { ...OPTIONS, batch: 16 };

/** Calls that no policy can tell apart. */
const SAME = Array.from({ length: 128 }, (): Row => ({ cheap: [0.4, 0.001], expensive: [0.8, 0.01] }));

/** Calls on which the expensive model is worth more or less, which does not show in how easy they are for the cheap one. */
function graded(count: number): Row[] {
  const random = new Random('graded');
  return Array.from({ length: count }, () => {
    const [ease, gain] = [random.next(), random.next()];
    const quality = (share: number) => 0.1 + 0.4 * ease + 0.4 * share * gain;
    return { cheap: [quality(0), 0.001], middle: [quality(0.5), 0.004], expensive: [quality(1), 0.01] };
  });
}

const ROOM = { cheap: 64, middle: 64, expensive: 64 };

describe('calls that are all the same', () => {
  test('without caps nothing is gained, since mixing two models is all that anyone can do', async () => {
    const { points, gates } = await runExperiment(fieldFrom(SAME.slice(0, 48), { cheap: 16, expensive: 16 }), SMALL);
    for (const name of ['B5', 'B6']) {
      for (const gate of gates.filter((one) => one.name === name)) expect(gate.figure?.mean).toBeCloseTo(0, 6);
    }
    for (const { quality, costUsd } of points) expect((quality - 0.4) / 0.4).toBeCloseTo((costUsd - 0.001) / 0.009, 6);
  });

  test('with as many slots as calls nothing is saved', async () => {
    const { gates } = await runExperiment(fieldFrom(SAME, { cheap: 40, expensive: 24 }), { ...OPTIONS, capped: true });
    expect(gates.map(({ name, figure }) => [name, figure?.mean])).toEqual(
      gates.map(({ name }) => [name, expect.closeTo(0, 6)]),
    );
    expect(new Set(gates.map(({ name }) => name))).toEqual(new Set(['C1', 'C2']));
  });
});

describe('calls on which expensive models are worth more or less', () => {
  const rows = graded(450);

  test('eccos spends on the calls that are worth it', async () => {
    const { points, gates } = await runExperiment(fieldFrom(rows, ROOM), OPTIONS);
    const figure = (name: string) => gates.find((gate) => gate.name === name)?.figure;
    expect(figure('B6')?.mean).toBeGreaterThan(1);
    expect(figure('F1')?.mean).toBeLessThan(0.08);
    expect(figure('F1')?.mean).toBeGreaterThan(-0.05);
    const own = points.filter(({ policy }) => policy === 'eccos');
    expect(own.length).toBeGreaterThanOrEqual(12);
    expect(points.filter(({ policy }) => policy === 'per-call').length).toBeGreaterThanOrEqual(12);
    // From nearly every call on the cheapest model to nearly every call on the best one.
    expect(own[0]?.costUsd).toBeLessThan(0.0012);
    expect(own.at(-1)?.costUsd).toBeGreaterThan(0.009);
  });

  test('under caps it saves against those who do not look', async () => {
    const field = fieldFrom(rows, { cheap: 32, middle: 24, expensive: 24 });
    const { gates } = await runExperiment(field, { ...OPTIONS, capped: true, resamples: 3 });
    const [roundRobin] = gates.filter(({ against }) => against === 'round-robin');
    expect(roundRobin?.figure?.low).toBeGreaterThan(0.1);
    expect(roundRobin?.figure?.high).toBeLessThan(0.9);
  });

  test('all calls at once: no batch to be compared with', async () => {
    const { gates } = await runExperiment(fieldFrom(rows.slice(0, 150), { cheap: 150, middle: 150, expensive: 150 }), {
      ...OPTIONS,
      batch: undefined,
    });
    expect(gates.map(({ name }) => name)).toEqual(['B5', 'B5', 'B6', 'B6']);
    for (const { figure } of gates) expect(figure).toMatchObject({ low: null, high: null });
  });
});

test('the same seed gives the same report, another order another one, and both fit the schema', async () => {
  const field = fieldFrom(graded(32), ROOM);
  const play = (seed: number) => runExperiment(field, { ...SMALL, resamples: 2, seed });
  const [one, same, other] = [await play(1), await play(1), await play(2)];
  expect(same).toEqual(one);
  expect(other.points).not.toEqual(one.points);
  const { points, gates } = compareReport.shape.batches.unwrap().shape;
  expect(points.safeParse(one.points).success && gates.safeParse(one.gates).success).toBe(true);
});

test.each([
  [false, 1],
  [true, 1 + 2],
])('as many calls end as were announced, with every resample played again: %j', async (replay, times) => {
  let [announced, ended] = [0, 0];
  await runExperiment(fieldFrom(SAME.slice(0, 20), { cheap: 16, expensive: 16 }), {
    ...SMALL,
    resamples: 2,
    replay,
    onStart(calls) {
      announced = calls;
    },
    onCall: () => void ended++,
  });
  // eccos at 16 values of alpha and 6 more without ratings, two per-call rules at 21 thresholds.
  expect(announced).toBe(times * 20 * (16 + 6 + 2 * 21));
  expect(ended).toBe(announced);
});

test('records that a model did not answer are left out', () => {
  const rows: Row[] = [{ cheap: [1, 0.001], expensive: [1, 0.01] }, { cheap: [1, 0.001] }];
  expect(fieldFrom(rows, { cheap: 1, expensive: 1 }).records).toHaveLength(1);
});
