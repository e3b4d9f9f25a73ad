import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import onnxProto from 'onnx-proto';
import { expect, test } from 'vitest';
import { MOST_OF_A_PAIR, quantiseColumns, quantiseRows } from '../../../../agents/lab/build-encoder/bytes.js';
import { readEncoderPackage } from '../../../../agents/lab/build-encoder/package.js';
import { shippedEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc
      .array(fc.integer({ min: -4_000, max: 4_000 }), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => ({ shape: [rows, columns], values: Float32Array.from(values, (value) => value / 1_000) })),
  );

/** Most that the rows 2k and 2k + 1 of a column come to where they have one sign. */
function largestPair(values: Int8Array, rows: number, columns: number): number {
  let most = 0;
  for (let row = 0; row + 1 < rows; row += 2) {
    for (let column = 0; column < columns; column++) {
      const [a = 0, b = 0] = [values[row * columns + column], values[(row + 1) * columns + column]];
      if (a * b > 0) most = Math.max(most, Math.abs(a + b));
    }
  }
  return most;
}

test('bytes of a table are half a step from its values', () => {
  fc.assert(
    fc.property(matrix, ({ shape, values }) => {
      const { quantised, scales } = quantiseRows({ shape, values });
      for (const [at, value] of values.entries()) {
        const scale = scales[Math.floor(at / (shape[1] as number))] as number;
        expect(Math.abs((quantised[at] as number) * scale - value)).toBeLessThanOrEqual(scale * 0.501);
      }
    }),
  );
});

test('bytes of weights are half a step from their values, and no pair of rows overflows', () => {
  fc.assert(
    fc.property(matrix, ({ shape, values }) => {
      const [rows = 0, columns = 0] = shape;
      const { quantised, scales } = quantiseColumns({ shape, values });
      for (const [at, value] of values.entries()) {
        const scale = scales[at % columns] as number;
        expect(Math.abs((quantised[at] as number) * scale - value)).toBeLessThanOrEqual(scale * 0.501);
      }
      expect(largestPair(quantised, rows, columns)).toBeLessThanOrEqual(MOST_OF_A_PAIR);
    }),
  );
});

test('no product of the shipped encoder overflows the 16 bits in which older processors add two of them', () => {
  const { graph } = onnxProto.onnx.ModelProto.decode(readFileSync(join(shippedEncoder(), 'model.onnx')));
  const products = (graph?.node ?? []).filter(({ opType }) => opType === 'MatMulInteger');
  expect(products.length).toBe(5);
  for (const { input } of products) {
    const weights = graph?.initializer?.find(({ name }) => name === input?.[1]);
    const [rows = 0, columns = 0] = (weights?.dims ?? []).map(Number);
    const values = new Int8Array(weights?.rawData ?? []);
    expect(values.length).toBe(rows * columns);
    const largest = largestPair(values, rows, columns);
    expect(largest).toBeGreaterThan(100);
    expect(largest).toBeLessThanOrEqual(MOST_OF_A_PAIR);
  }
});

test('another package than the expected one is refused by file and hash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  await expect(readEncoderPackage(folder)).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringMatching(/^Expected .*group1-shard\dof7 to be readable, got: ENOENT/),
  });
  for (let shard = 1; shard <= 7; shard++) writeFileSync(join(folder, `group1-shard${shard}of7`), 'other weights');
  await expect(readEncoderPackage(folder)).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringMatching(/^Expected .*group1-shard\dof7 to have the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}$/),
  });
  rmSync(folder, { recursive: true });
});
