import { expect, test } from 'vitest';
import { Forecasts } from '../../../../schedulers/eccos/policy/forecasts.js';
import type { Prediction } from '../../../../schedulers/eccos/predictor/prediction.js';
import { coreOf, pendingCall } from '../../../support/scheduling.js';

const CORES = ['a', 'b'].map((id) => coreOf(id, { price: 2 }));

function row(...quality: number[]): Prediction[] {
  return quality.map((one) => ({
    quality: one,
    tokensMean: 100,
    tokensP90: 200,
    costMean: one / 100,
    source: 'trained',
    nEffective: 0,
    similarity: null,
  }));
}

const differences = (forecasts: readonly { readonly logits: Float64Array }[]) =>
  forecasts.map(({ logits }) => (logits[1] as number) - (logits[0] as number));

test('gamma is the share of what sets a core apart on one call that is kept', () => {
  const rows = [row(0.2, 0.6), row(0.5, 0.5), row(0.4, 0.9)];
  const raw = differences(new Forecasts(1).add(rows, CORES));
  expect(raw[1]).toBeCloseTo(0, 9);
  const mean = raw.reduce((sum, value) => sum + value, 0) / 3;
  for (const one of differences(new Forecasts(0).add(rows, CORES))) expect(one).toBeCloseTo(mean, 6);
  const half = differences(new Forecasts(0.5).add(rows, CORES));
  for (const [i, one] of half.entries()) expect(one).toBeCloseTo(((raw[i] as number) + mean) / 2, 6);
});

test('a boot without calls tells nothing: the first rows are shrunk to their own mean all the same', () => {
  const rows = [row(0.2, 0.6), row(0.5, 0.5), row(0.4, 0.9)];
  const booted = new Forecasts(0.3);
  expect(booted.add([], CORES)).toEqual([]);
  expect(booted.add(rows, CORES)).toEqual(new Forecasts(0.3).add(rows, CORES));
});

test('a call that could not be predicted is taken for a usual one', () => {
  const forecasts = new Forecasts(1);
  const nothing = forecasts.unknown(pendingCall(0, { inputTokens: 488 }), CORES);
  expect([...nothing.logits]).toEqual([0, 0]);
  expect(nothing.costUsd[0]).toBeCloseTo(0.002, 9);
  forecasts.add([row(0.2, 0.6), row(0.2, 0.6)], CORES);
  const usual = forecasts.unknown(pendingCall(0), CORES);
  expect(usual.logits[1]).toBeCloseTo(Math.log(0.6 / 0.4), 6);
  expect(usual.costUsd[1]).toBeCloseTo(0.006, 9);
});

test('a core that comes later is unknown to earlier forecasts and has its own column', () => {
  const forecasts = new Forecasts(1);
  const [before] = forecasts.add([row(0.2, 0.6)], CORES);
  const [after] = forecasts.add([row(0.3, 0.2, 0.6)], [coreOf('c'), ...CORES]);
  expect(before?.logits[forecasts.columnOf('c')]).toBeUndefined();
  expect(after?.costUsd[forecasts.columnOf('c')]).toBe(0.003);
  expect(after?.costUsd[forecasts.columnOf('a')]).toBe(0.002);
});
