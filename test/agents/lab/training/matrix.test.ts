import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addProduct, rowMajor, transposed } from '../../../../agents/lab/training/matrix.js';

const values = (count: number) =>
  fc
    .array(fc.integer({ min: -9, max: 9 }), { minLength: count, maxLength: count })
    .map((all) => Float64Array.from(all));

/** Sizes around the blocks of 2 x 4, each matrix stored as it is or transposed. */
const products = fc
  .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 11 }))
  .chain(([rows, depth, columns]) =>
    fc.record({
      sizes: fc.constant([rows, depth, columns] as const),
      a: values(rows * depth),
      b: values(depth * columns),
      out: values(rows * columns),
      turned: fc.tuple(fc.boolean(), fc.boolean()),
    }),
  );

test('adds the product of matrices of any size, also of transposed ones', () => {
  fc.assert(
    fc.property(products, ({ sizes: [rows, depth, columns], a, b, out, turned: [turnA, turnB] }) => {
      const [left, right] = [
        turnA ? transposed(rowMajor(a, rows)) : rowMajor(a, depth),
        turnB ? transposed(rowMajor(b, depth)) : rowMajor(b, columns),
      ];
      const at = ({ data, rowStride, columnStride }: typeof left, i: number, j: number) =>
        data[i * rowStride + j * columnStride] as number;
      const expected = out.map((value, place) => {
        const [i, j] = [Math.floor(place / columns), place % columns];
        let sum = value;
        for (let k = 0; k < depth; k++) sum += at(left, i, k) * at(right, k, j);
        return sum;
      });
      addProduct(out, left, right, [rows, depth, columns]);
      expect([...out]).toEqual([...expected]);
    }),
    { numRuns: 500 },
  );
});
