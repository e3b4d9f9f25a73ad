import { expect, test } from 'vitest';
import type { Forecast } from '../../../../schedulers/eccos/policy/forecast.js';
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
    ratings: 0,
    reliability: 1,
  }));
}

const callsOf = (rows: readonly unknown[]) => rows.map((_, seq) => pendingCall(seq, { acceptedAt: 100 - seq }));

const add = (forecasts: Forecasts, rows: readonly (readonly Prediction[])[]) => forecasts.add(callsOf(rows), rows);

const differences = (forecasts: readonly Forecast[]) => forecasts.map((one) => one.logit(1) - one.logit(0));

test('gamma is the share of what sets a core apart on one call that is kept', () => {
  const rows = [row(0.2, 0.6), row(0.5, 0.5), row(0.4, 0.9)];
  const raw = differences(add(new Forecasts(1), rows));
  expect(raw[1]).toBeCloseTo(0, 9);
  const mean = raw.reduce((sum, value) => sum + value, 0) / 3;
  for (const one of differences(add(new Forecasts(0), rows))) expect(one).toBeCloseTo(mean, 6);
  const half = differences(add(new Forecasts(0.5), rows));
  for (const [i, one] of half.entries()) expect(one).toBeCloseTo(((raw[i] as number) + mean) / 2, 6);
});

test('a boot without calls says nothing: the first rows are shrunk to their own mean all the same', () => {
  const rows = [row(0.2, 0.6), row(0.5, 0.5), row(0.4, 0.9)];
  const booted = new Forecasts(0.3);
  expect(add(booted, [])).toEqual([]);
  expect(differences(add(booted, rows))).toEqual(differences(add(new Forecasts(0.3), rows)));
});

test('a call that could not be predicted is taken for a usual one', () => {
  const forecasts = new Forecasts(1);
  const nothing = forecasts.unknown(pendingCall(0, { inputTokens: 488 }), CORES);
  expect([nothing.logit(0), nothing.logit(1)]).toEqual([0, 0]);
  expect(nothing.costUsd(0)).toBeCloseTo(0.002, 9);
  add(forecasts, [row(0.2, 0.6), row(0.2, 0.6)]);
  const usual = forecasts.unknown(pendingCall(0), CORES);
  expect(usual.logit(1)).toBeCloseTo(Math.log(0.6 / 0.4), 6);
  expect(usual.costUsd(1)).toBeCloseTo(0.006, 9);
});

test('the time in which the newest 512 calls have come counts of a long pause a minute', () => {
  const forecasts = new Forecasts(1);
  const row512 = Array.from({ length: 512 }, () => row(0.2, 0.6));
  const calls = (from: number) => row512.map((_, i) => pendingCall(i, { acceptedAt: from + i }));
  forecasts.add(calls(1000), row512);
  expect(forecasts.spanMs).toBe(511);
  forecasts.add(calls(3_600_000).slice(0, 12), row512.slice(0, 12));
  expect(forecasts.spanMs).toBe(499 + 60_000 + 11);
});
