import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EncoderNetwork } from '../../../../agents/lab/build-encoder/network.js';
import { PRECISIONS, type PrecisionName } from '../../../../agents/lab/build-encoder/precision.js';
import { OnnxModel } from '../../../../schedulers/eccos/onnx/model.js';
import { drawnWeights, plainNetwork } from './plain-network.js';
import { cosine } from './reference.js';

const WORDS = 40;
const WEIGHTS = drawnWeights(WORDS);
const TEXTS = [[7], [1, 2, 3, 4, 5], [39, 0, 0, 12, 12, 12, 8, 31, 5, 17, 22], Array(20).fill(3)];
const WANTED = TEXTS.map((ids) => plainNetwork(WEIGHTS, ids));

/** The graph that the script builds, on drawn weights: this needs neither the package nor the network. */
describe.each<[PrecisionName, number]>([
  ['fp32', 0.999999],
  ['fp16', 0.9999],
  ['int8', 0.995],
])('the network in %s', (precision, least) => {
  let model: OnnxModel;
  beforeAll(async () => {
    const bytes = new EncoderNetwork(WEIGHTS, PRECISIONS[precision]).toBytes();
    model = await OnnxModel.open({ name: precision, bytes });
  });
  afterAll(() => model.close());

  async function run(ids: readonly number[], padding = 0): Promise<Float32Array> {
    const dimensions = [1, ids.length + padding];
    const row = (values: readonly number[]) => ({ data: BigInt64Array.from(values, BigInt), dimensions });
    const behind = Array<number>(padding).fill(0);
    const inputs = { input_ids: row([...ids, ...behind]), attention_mask: row([...ids.map(() => 1), ...behind]) };
    return (await model.run(inputs, ['embedding'])).embedding.data;
  }

  test(`agrees with the plain one: cosine at least ${least}`, async () => {
    for (const [at, ids] of TEXTS.entries()) {
      expect(cosine(await run(ids), WANTED[at] as Float32Array)).toBeGreaterThan(least);
    }
  });

  test('padding is no token, and what lies behind 128 tokens is not seen', async () => {
    expect(cosine(await run([1, 2, 3, 4, 5], 6), WANTED[1] as Float32Array)).toBeGreaterThan(least);
    const full = Array.from({ length: 128 }, (_, at) => at % WORDS);
    expect(await run([...full, 9, 9, 9])).toEqual(await run(full));
  });
});

test('texts of the plain network are not all alike', () => {
  expect(cosine(WANTED[0] as Float32Array, WANTED[2] as Float32Array)).toBeLessThan(0.95);
});
