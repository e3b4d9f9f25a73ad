import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelledPrompts } from '../../../../agents/lab/training/examples.js';
import { asStored, exportHeads } from '../../../../agents/lab/training/export-heads.js';
import { forward } from '../../../../agents/lab/training/net.js';
import { type Heads, trainHeads } from '../../../../agents/lab/training/train-heads.js';
import { standardise, TrainedHeads } from '../../../../schedulers/eccos/predictor/heads.js';
import { PLANTED, planted, SMALL } from './made-examples.js';

const [TRAIN, VALIDATION, TEST] = [planted(1200, 1), planted(300, 2), planted(1500, 3)];
const options = { seed: 4, net: { ...SMALL, hidden: 24 } };

let heads: Heads;
let open: TrainedHeads;
beforeAll(async () => {
  heads = trainHeads(TRAIN, VALIDATION, PLANTED, options);
  open = await TrainedHeads.open({ name: 'made', bytes: exportHeads(heads.net) }, heads.scale, heads.profiles);
});
afterAll(() => open.close());

/** Share of (right, wrong) pairs that the values put in order. */
function aucOf(values: readonly number[], outcomes: LabelledPrompts, model: number): number {
  const [right, wrong] = [1, 0].map((score) => values.filter((_, i) => outcomes.outputs[i]?.[model]?.score === score));
  let ordered = 0;
  for (const a of right ?? []) for (const b of wrong ?? []) ordered += a > b ? 1 : a === b ? 0.5 : 0;
  return ordered / ((right?.length ?? 0) * (wrong?.length ?? 0));
}

describe('trained on a planted rule', () => {
  test('it finds the rule: its AUC on new prompts is near that of the rule itself', async () => {
    const inferred = await open.infer(TEST.features);
    for (const model of PLANTED.keys()) {
      const ceiling = aucOf(
        TEST.features.map((_, i) => TEST.logits[2 * i + model] as number),
        TEST,
        model,
      );
      const found = aucOf(
        inferred.map(({ logits }) => logits[model] as number),
        TEST,
        model,
      );
      expect(ceiling).toBeGreaterThan(0.94);
      expect(found).toBeGreaterThan(0.9);
      expect(found).toBeGreaterThan(ceiling - 0.03);
    }
  });

  test('it finds the lengths, and their spread', async () => {
    const inferred = await open.infer(TEST.features);
    const logs = (model: number) => TEST.outputs.map((outcomes) => Math.log1p(outcomes[model]?.output_tokens ?? 0));
    for (const [model, { p90Residual, smearing, logTokens }] of heads.profiles.entries()) {
      const residuals = logs(model).map((log, i) => log - (inferred[i]?.logTokens[model] as number));
      const variance = (values: readonly number[]) =>
        values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      expect(variance(residuals)).toBeLessThan(0.2 * variance(logs(model).map((log) => log - logTokens.mean)));
      const covered = residuals.filter((residual) => residual <= p90Residual).length / residuals.length;
      // Of 300 residuals: 3.5 standard deviations.
      expect(covered).toBeGreaterThan(0.84);
      expect(covered).toBeLessThan(0.96);
      expect(smearing).toBeGreaterThan(0.95);
      expect(smearing).toBeLessThan(1.1);
    }
  });

  test('its profiles tell what it was trained on', () => {
    for (const [model, { name, records, meanScore }] of heads.profiles.entries()) {
      expect([name, records]).toEqual([PLANTED[model], 1200]);
      const mean = TRAIN.outputs.reduce((sum, outcomes) => sum + (outcomes[model]?.score ?? 0), 0) / 1200;
      expect(meanScore).toBeCloseTo(mean, 12);
    }
    expect(heads.nets).toHaveLength(4);
  });
});

describe('the exported file', () => {
  test('computes what the trained net does, with weights as they are stored', async () => {
    const rows = TEST.features.slice(0, 200);
    const inferred = await open.infer(rows);
    const x = Float64Array.from(standardise(rows, heads.scale));
    const [stored, exact] = [forward(asStored(heads.net), x, 200), forward(heads.net, x, 200)];
    for (const [i, { logits, logTokens }] of inferred.entries()) {
      for (const [m, { mean, deviation }] of heads.profiles.map((one) => one.logTokens).entries()) {
        const [wanted, length] = [stored[4 * i + m] as number, stored[4 * i + 2 + m] as number];
        // 32-bit sums of 96 products, relative to logits of 1 to 10.
        expect(Math.abs((logits[m] as number) - wanted)).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)) * 4);
        expect(logTokens[m]).toBeCloseTo(mean + deviation * Math.max(-4, Math.min(4, length)), 5);
        // 16-bit weights, 11 bits each.
        expect(Math.abs((logits[m] as number) - (exact[4 * i + m] as number))).toBeLessThan(0.01);
      }
    }
  });

  test('is the same for the same net', () => {
    expect(exportHeads(heads.net)).toEqual(exportHeads(heads.net));
    expect(exportHeads(trainHeads(TRAIN, VALIDATION, PLANTED, options).net)).toEqual(exportHeads(heads.net));
    expect(exportHeads(trainHeads(TRAIN, VALIDATION, PLANTED, { ...options, seed: 5 }).net)).not.toEqual(
      exportHeads(heads.net),
    );
  });

  test('does not open with other sizes than its own, nor cut', async () => {
    const bytes = exportHeads(heads.net);
    const source = { name: 'made', bytes };
    const narrow = { mean: [0], deviation: [1] };
    await expect(TrainedHeads.open(source, narrow, heads.profiles)).rejects.toThrow(
      'Expected input "features" of made to be [*, 1], got [n, 6]',
    );
    await expect(TrainedHeads.open(source, heads.scale, heads.profiles.slice(1))).rejects.toThrow(
      'Expected output "heads" of made to be [*, 2], got [n, 4]',
    );
    for (const size of [0, 10, bytes.length - 20]) {
      const cut = { name: 'made', bytes: bytes.slice(0, size) };
      await expect(TrainedHeads.open(cut, heads.scale, heads.profiles)).rejects.toMatchObject({
        code: 'invalid-config',
        message: expect.stringContaining('Expected made to be an ONNX model, got: '),
      });
    }
  });

  test('has an answer for no prompt, and for features far off', async () => {
    expect(await open.infer([])).toEqual([]);
    const [far] = await open.infer([Float32Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? 1e30 : -1e30))]);
    expect([...(far?.logits ?? []), ...(far?.logTokens ?? [])].every(Number.isFinite)).toBe(true);
  });
});

describe('what is not known', () => {
  const few = { ...options, net: { ...SMALL, maxEpochs: 4 } };

  test('outcomes of models that are not chosen change nothing', () => {
    const changed = {
      ...TRAIN,
      outputs: TRAIN.outputs.map((outcomes) =>
        outcomes.map((one) => (one.model === 'beta' ? { ...one, score: 1 - one.score, output_tokens: 9 } : one)),
      ),
    };
    const without = { ...TRAIN, outputs: TRAIN.outputs.map((outcomes) => outcomes.slice(0, 1)) };
    const alpha = trainHeads(TRAIN, VALIDATION, ['alpha'], few);
    expect(trainHeads(changed, VALIDATION, ['alpha'], few)).toEqual(alpha);
    expect(trainHeads(without, VALIDATION, ['alpha'], few)).toEqual(alpha);
  });

  test('a model with gaps is learnt from the rest, whatever stands in other members', () => {
    const gapped = (spoil: number) => ({
      ...TRAIN,
      outputs: TRAIN.outputs.map((outcomes, i) =>
        i % 3 === 0 ? outcomes.slice(0, 1) : outcomes.map((one) => ({ ...one, cost_usd: spoil })),
      ),
    });
    const heads = trainHeads(gapped(1), VALIDATION, PLANTED, few);
    expect(heads.profiles.map(({ records }) => records)).toEqual([1200, 800]);
    expect(trainHeads(gapped(2), VALIDATION, PLANTED, few)).toEqual(heads);
  });

  test('a model that nobody asked in the validation part gets its spread from the training part', () => {
    const part = { ...VALIDATION, outputs: VALIDATION.outputs.map((outcomes) => outcomes.slice(0, 1)) };
    const [, beta] = trainHeads(TRAIN, part, PLANTED, few).profiles;
    const [, whole] = trainHeads(TRAIN, VALIDATION, PLANTED, few).profiles;
    expect(beta?.p90Residual).toBeGreaterThan(0.5 * (whole?.p90Residual as number));
    expect(beta?.p90Residual).toBeLessThan(1.5 * (whole?.p90Residual as number));
    expect(beta?.smearing).toBeGreaterThan(0.9);
  });

  test('answers that are all of one length, right, or of one feature do not divide by 0', () => {
    const same = {
      features: TRAIN.features.map(() => Float32Array.of(1, 2)),
      outputs: TRAIN.outputs.map((outcomes) => outcomes.map((one) => ({ ...one, score: 1, output_tokens: 7 }))),
    };
    const { net, profiles } = trainHeads(same, same, PLANTED, few);
    for (const weights of [net.w1, net.b1, net.w2, net.b2]) expect(weights.every(Number.isFinite)).toBe(true);
    for (const { meanScore, logTokens, smearing, p90Residual } of profiles) {
      expect(meanScore).toBe(1);
      expect(logTokens.mean).toBeCloseTo(Math.log(8), 9);
      expect(smearing).toBeCloseTo(1, 1);
      expect(Math.abs(p90Residual)).toBeLessThan(0.1);
    }
  });
});

test('progress grows to 1', () => {
  const shares: number[] = [];
  trainHeads(TRAIN, VALIDATION, PLANTED, {
    seed: 1,
    net: { ...SMALL, maxEpochs: 3 },
    onProgress: (share) => shares.push(share),
  });
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect([shares.length, shares.at(-1)]).toEqual([13, 1]);
});
