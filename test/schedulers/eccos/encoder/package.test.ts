import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantiseRows } from '../../../../agents/lab/build-encoder/bytes.js';
import { readEncoderPackage } from '../../../../agents/lab/build-encoder/package.js';

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc
      .array(fc.integer({ min: -4_000, max: 4_000 }), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => ({ shape: [rows, columns], values: Float32Array.from(values, (value) => value / 1_000) })),
  );

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
