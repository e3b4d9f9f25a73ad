import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenMeans } from '../../../../agents/lab/build-encoder/token-means.js';
import { OnnxModel } from '../../../../schedulers/eccos/onnx/model.js';
import { uniform } from '../../../../schedulers/uniform.js';
import { cosine } from './reference.js';

const WORDS = 40;
const WIDTH = 6;
const draw = uniform(5);
const TABLE = Float32Array.from({ length: WORDS * WIDTH }, () => draw() - 0.5);

let model: OnnxModel;
beforeAll(async () => {
  model = await OnnxModel.open({ name: 'means', bytes: tokenMeans({ shape: [WORDS, WIDTH], values: TABLE }) });
});
afterAll(() => model.close());

async function run(...texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
  const tokens = Math.max(1, ...texts.map((ids) => ids.length));
  const input = (value: (ids: readonly number[], at: number) => number) => ({
    data: BigInt64Array.from({ length: texts.length * tokens }, (_, at) =>
      BigInt(value(texts[Math.floor(at / tokens)] as readonly number[], at % tokens)),
    ),
    dimensions: [texts.length, tokens],
  });
  const inputs = {
    input_ids: input((ids, at) => ids[at] ?? 0),
    attention_mask: input((ids, at) => (at < ids.length ? 1 : 0)),
  };
  const { data } = (await model.run(inputs, ['embedding'])).embedding;
  return texts.map((_, row) => data.slice(row * 2 * WIDTH, (row + 1) * 2 * WIDTH));
}

/** The same as plainly as it can be said. */
function plain(ids: readonly number[]): Float32Array {
  const mean = (near: (place: number) => number) => {
    const sum = new Float32Array(WIDTH);
    for (const [i, id] of ids.entries()) {
      const weight = near((i + 0.5) / ids.length) ** 2;
      for (let at = 0; at < WIDTH; at++) sum[at] = (sum[at] as number) + weight * (TABLE[id * WIDTH + at] as number);
    }
    const length = Math.hypot(...sum);
    return sum.map((value) => value / length / Math.SQRT2);
  };
  return Float32Array.of(...mean((place) => 1 - place), ...mean((place) => place));
}

test.each([
  [[7]],
  [[1, 2, 3, 4, 5]],
  [[39, 0, 0, 12, 12, 12, 8, 31, 5, 17, 22]],
  [Array<number>(20).fill(3)],
])('the graph gives what is plainly computed: %j', async (ids) => {
  const [found] = await run(ids);
  expect(cosine(found as Float32Array, plain(ids))).toBeGreaterThan(0.9995);
  expect(Math.hypot(...(found as Float32Array))).toBeCloseTo(1, 5);
});

test('padding is no token, and a text does not depend on the others of a batch', async () => {
  const texts = [[1, 2, 3], [4, 5, 6, 7, 8, 9], [10]];
  const together = await run(...texts);
  for (const [at, ids] of texts.entries()) {
    const [alone] = await run(ids);
    expect(cosine(alone as Float32Array, together[at] as Float32Array)).toBeGreaterThan(0.999999);
  }
});

test('order counts: of two texts with the same tokens each half is kept apart', async () => {
  const [forth, back] = await run([1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]);
  expect(cosine(forth as Float32Array, back as Float32Array)).toBeLessThan(0.95);
});

test('no token gives zeros', async () => {
  expect([...((await run([]))[0] as Float32Array)]).toEqual(Array(2 * WIDTH).fill(0));
});
