export function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

export function expectUnit(vector: Float32Array | undefined): void {
  if (vector === undefined) throw new Error('Expected a vector, got none');
  const length = Math.sqrt(dot(vector, vector));
  if (!(Math.abs(length - 1) < 1e-5)) throw new Error(`Expected a finite unit vector, got a length of ${length}`);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
}
