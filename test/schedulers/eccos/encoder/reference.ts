import stored from './reference-vectors.generated.json' with { type: 'json' };

/** The original network's vectors of `REFERENCE_TEXTS`; the file says how they were made. */
export const REFERENCE_VECTORS: readonly Float32Array[] = rows(stored.float32LittleEndian, stored.dimensions);

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

function rows(base64: string, width: number): Float32Array[] {
  const all = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
  return Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width));
}
