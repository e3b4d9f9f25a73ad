import { expect, test } from 'vitest';
import { fromHalf, toHalf } from '../../../../schedulers/eccos/onnx/half.js';

test.each([
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65_504, 0x7bff],
  [65_519.9, 0x7bff],
  [65_520, 0x7c00],
  [Infinity, 0x7c00],
  [-1e9, 0xfc00],
  [2 ** -14, 0x0400],
  [2 ** -14 - 2 ** -24, 0x03ff],
  [2 ** -24, 0x0001],
  [2 ** -25, 0],
  [3 * 2 ** -25, 0x0002],
  [2 ** -26, 0],
  // Ties go to the even neighbour, below and above, and into the next exponent.
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -11, 0x4000],
])('%d is %i', (value, bits) => {
  expect(toHalf(Float32Array.of(value))[0]).toBe(bits);
});

test('not a number stays so', () => {
  expect(fromHalf(toHalf(Float32Array.of(NaN)))[0]).toBeNaN();
});

test('every half comes back as itself', () => {
  const bits = Uint16Array.from({ length: 0x1_0000 }, (_, at) => at).filter((half) => (half & 0x7fff) <= 0x7c00);
  expect(toHalf(fromHalf(bits))).toEqual(bits);
});
