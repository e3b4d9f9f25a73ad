import { expect, test } from 'vitest';
import { PredictionMemo } from '../../../../agents/lab/compare/prediction-memo.js';
import { NeighbourPredictor } from '../../../../agents/lab/predictor/neighbour-predictor.js';
import type { PredictableCall } from '../../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../../syscalls/cores.js';
import { madeUpPredictor } from '../../../support/made-up-predictor.js';
import { outcomeRecord } from '../../../support/outcomes.js';

function core(id: string): CoreInfo {
  return { id, price: { inputPerMTok: 1, outputPerMTok: 2 } } as CoreInfo;
}

function call(prompt: string, more: Partial<PredictableCall> = {}): PredictableCall {
  return { tenant: 't', inputTokens: 1000, params: { messages: [{ role: 'user', content: prompt }] }, ...more };
}

/** A stopwatch that moves on by 5 ms each time it is looked at. */
function stopwatch(): () => number {
  let now = 0;
  return () => (now += 5);
}

const [A, B] = [core('a'), core('b')];

test('a call is predicted once, for cores in any order, and the time that it took then is reported each time', async () => {
  const predictor = madeUpPredictor();
  const memo = new PredictionMemo(predictor, stopwatch());
  const first = await memo.predict([call('x'), call('y')], [A, B]);
  const again = await memo.predict([call('y')], [B, A]);
  expect(predictor.asked).toEqual(['x', 'y']);
  expect(first.ms).toBe(10);
  expect(again.ms).toBe(5);
  expect(again.rows[0]?.[0]).toBe(first.rows[1]?.[1]);
  expect(again.rows[0]?.[1]).toBe(first.rows[1]?.[0]);
});

test.each([
  { name: 'tenant', other: call('x', { tenant: 'u' }), cores: [A, B] },
  { name: 'length', other: call('x', { inputTokens: 999 }), cores: [A, B] },
  { name: 'task', other: call('x', { params: { ...call('x').params, task: 'sums' } }), cores: [A, B] },
  { name: 'cap on tokens', other: call('x', { params: { ...call('x').params, maxTokens: 9 } }), cores: [A, B] },
  { name: 'list of cores', other: call('x'), cores: [A] },
])('another $name is another prediction', async ({ other, cores }) => {
  const predictor = madeUpPredictor();
  const memo = new PredictionMemo(predictor, stopwatch());
  await memo.predict([call('x')], [A, B]);
  await memo.predict([other], cores);
  expect(predictor.asked).toEqual(['x', 'x']);
});

test('neighbours give the plain means of the 16 nearest records, and 0 for a model that none has seen', async () => {
  const near = Array.from({ length: 16 }, (_, i) => outcomeRecord(`near ${i}`, { a: [i < 4 ? 1 : 0, 10 * i, 0] }));
  const far = Array.from({ length: 40 }, (_, i) => outcomeRecord(`far ${i}`, { a: [1, 7, 0], b: [1, 7, 0] }));
  const encoder = {
    dimensions: 2,
    encode: async (texts: readonly string[]) =>
      texts.map((text) => Float32Array.from(text.startsWith('near') ? [1, 0] : [0, 1])),
    close: async () => {},
  };
  const predictor = await NeighbourPredictor.of([...far, ...near], new Set(['a', 'b']), { encoder, sha256: 'e' });
  const [row] = await predictor.predict([call('near?')], [B, A]);
  expect(row?.map(({ quality }) => quality)).toEqual([0, 0.25]);
  expect(row?.map(({ tokensMean }) => tokensMean)).toEqual([0, 75]);
  expect(row?.map(({ costMean }) => costMean)).toEqual([0.001, (1000 + 75 * 2) / 1e6]);
});
