const view = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16 bits of each number: rounded to nearest, ties to even; beyond 65,504 infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfOf);
}

/** The numbers that binary16 bits stand for. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

function halfOf(value: number): number {
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // From here on up the nearest half is infinite.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  // Below the smallest normal half the step is 2^-24. Scaling is exact, and so is the tie.
  if (magnitude < 0x3880_0000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  // Rounding may carry into the exponent, which is then one higher, as it should be.
  return sign | roundToEven((magnitude - 0x3800_0000) / 0x2000);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
