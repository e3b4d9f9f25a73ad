import { describe, expect, test } from 'vitest';
import { type CrossValidated, crossValidate } from '../../../../agents/lab/predictor/cross-validate.js';
import { SeenEncoder } from '../../../../agents/lab/predictor/see-records.js';
import { exportHeads } from '../../../../agents/lab/training/export-heads.js';
import type { Net } from '../../../../agents/lab/training/net.js';
import type { TrainingJob, TrainingPool, TrainingResult } from '../../../../agents/lab/training/training-pool.js';
import { SURFACE_FEATURES } from '../../../../schedulers/eccos/predictor/surface-features.js';
import { DIMENSIONS, seenRecords } from './made-seen.js';

const RECORDS = seenRecords(300);
const MODELS = ['a', 'b', 'c'];
const INPUTS = DIMENSIONS + SURFACE_FEATURES.length;

/** Nets that know nothing but which training they came from: the logit of every model is its number / 16. */
function signedHeads({ models }: TrainingJob, number: number): TrainingResult {
  const outputs = 2 * models.length;
  const net: Net = {
    inputs: INPUTS,
    hidden: 1,
    outputs,
    w1: new Float64Array(INPUTS),
    b1: new Float64Array(1),
    w2: new Float64Array(outputs),
    b2: Float64Array.from({ length: outputs }, (_, at) => (at < models.length ? number / 16 : 0)),
  };
  return {
    heads: exportHeads(net),
    scale: { mean: new Array(INPUTS).fill(0), deviation: new Array(INPUTS).fill(1) },
    profiles: models.map((name) => ({
      name,
      records: 1,
      meanScore: 0.5,
      logTokens: { mean: 3, deviation: 1 },
      smearing: 1,
      p90Residual: 1,
    })),
    nets: [],
  };
}

/** A pool that signs each training, and remembers what it was given. */
class SigningPool implements Pick<TrainingPool, 'run'> {
  readonly jobs: TrainingJob[] = [];

  async run(job: TrainingJob, onProgress: (share: number) => void = () => {}): Promise<TrainingResult> {
    onProgress(0.5);
    onProgress(1);
    return signedHeads(job, this.jobs.push(job) - 1);
  }
}

async function validated(folds: number, seed = 1) {
  const pool = new SigningPool();
  let progress = 0;
  const out = await crossValidate(RECORDS, {
    source: 'made-up records',
    folds,
    seed,
    models: MODELS,
    encoder: { encoder: new SeenEncoder(RECORDS, DIMENSIONS), sha256: 'e'.repeat(64) },
    pool: pool as unknown as TrainingPool,
    onProgress: (share) => {
      progress += share;
    },
  });
  return { out, jobs: pool.jobs.map((job) => ({ ...job, seen: rowsOf(job) })), progress };
}

/** Numbers of the records that a training has seen: the first surface feature is the number. */
function rowsOf({ train, validation }: TrainingJob): ReadonlySet<number> {
  return new Set([...train.features, ...validation.features].map((features) => features[DIMENSIONS] as number));
}

/** Which training predicted a cell. */
function signatureOf({ predictor: { quality } }: CrossValidated, cell: number): number {
  const p = quality[cell] as number;
  return Math.round(16 * Math.log(p / (1 - p)));
}

describe('cross-validation', () => {
  test.each([3, 5])('in %i folds predicts no record with a net that has seen it', async (folds) => {
    const { out, jobs, progress } = await validated(folds);
    const used = new Set<number>();
    for (const row of RECORDS.keys()) {
      for (const model of MODELS.keys()) {
        const number = signatureOf(out, row * MODELS.length + model);
        used.add(number);
        expect(jobs[number]?.models).toEqual(MODELS);
        expect(jobs[number]?.seen.has(row)).toBe(false);
      }
      expect(signatureOf(out, row * MODELS.length)).toBe(signatureOf(out, row * MODELS.length + 2));
    }
    expect(used.size).toBe(folds);
    expect(new Set(out.groups).size).toBe(folds);
    expect(progress).toBeCloseTo(1, 9);
  });

  test('each fold learns from all records that it does not predict', async () => {
    const { out, jobs } = await validated(5);
    for (const row of RECORDS.keys()) {
      const seen = jobs[signatureOf(out, row * MODELS.length)]?.seen;
      const others = [...RECORDS.keys()].filter((other) => out.groups[other] !== out.groups[row]);
      expect(seen).toEqual(new Set(others));
    }
  });

  test('a new model is predicted by nets that were trained without it', async () => {
    const { out, jobs } = await validated(3);
    const without = jobs.map(({ models }) => models.join('')).sort();
    expect(without).toEqual(['abc', 'abc', 'abc', 'ac', 'ac', 'ac', 'b', 'b', 'b']);
    for (const { models, train, validation } of jobs) {
      // The net gets all outcomes and the names of the models to learn.
      expect(models.length).toBeGreaterThan(0);
      expect(train.features.length + validation.features.length).toBeLessThan(RECORDS.length);
    }
    // 50 answers that were all right: model c is thought better than the net says, and b, right one time in three, worse.
    const mean = (model: number) => {
      let sum = 0;
      for (const row of RECORDS.keys()) sum += out.newModel.quality[row * MODELS.length + model] as number;
      return sum / RECORDS.length;
    };
    expect(mean(2)).toBeGreaterThan(0.85);
    expect(mean(1)).toBeLessThan(0.45);
    expect(Math.abs(mean(0) - 0.5)).toBeLessThan(0.2);
  });

  test('baselines rest on other folds alone: the answer of the record itself does not show', async () => {
    const { out } = await validated(5);
    for (const { quality } of [out.dataSetMeans, out.sixteenNeighbours, out.weightedNeighbours]) {
      expect([...quality].filter((value) => !(value > -1e-9 && value < 1 + 1e-9))).toEqual([]);
    }
    for (const row of RECORDS.keys()) {
      const own = RECORDS.filter((_, other) => out.groups[other] !== out.groups[row]);
      const right = own.filter(({ record }) => record.outputs[1]?.score === 1).length;
      expect(out.dataSetMeans.quality[row * MODELS.length + 1]).toBeCloseTo(right / own.length, 9);
    }
  });

  test('the same seed gives the same, another one other folds', async () => {
    const [first, again, other] = [await validated(3), await validated(3), await validated(3, 2)];
    expect(again.out.groups).toEqual(first.out.groups);
    expect(again.out.newModel.quality).toEqual(first.out.newModel.quality);
    expect(other.out.groups).not.toEqual(first.out.groups);
  });

  test('too few records are reported with the name of their source', async () => {
    const few = seenRecords(10);
    const setup = {
      source: 'made-up records',
      folds: 5,
      seed: 1,
      models: MODELS,
      encoder: { encoder: new SeenEncoder(few, DIMENSIONS), sha256: 'e'.repeat(64) },
      pool: new SigningPool() as unknown as TrainingPool,
      onProgress: () => {},
    };
    await expect(crossValidate(few, setup)).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/^Expected at least 20 records .* in the train part of made-up records, got \d+$/),
    });
  });
});
