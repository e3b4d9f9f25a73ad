import type { EncoderPackage, Weights } from './package.js';

/** Rounds after which a direction changes no more: the first has eight times the variance of the second, and that a fifth more than the third. */
const ROUNDS = 200;

/**
 * Token embeddings with less of what all texts share, which makes unrelated texts look alike: about the mean token, and narrower in the
 * direction in which tokens differ most, so that they differ there no more than in the next one. Tokens count by the probability
 * that the vocabulary gives them, and no text is needed.
 *
 * After Mu and Viswanath, "All-but-the-Top" (ICLR 2018), who take such directions away; nets can use what is left of this one.
 * Sums, products and roots: the same on every machine.
 */
export function plainTable({ shape, values }: Weights, pieces: EncoderPackage['pieces']): Weights {
  const width = shape[1] as number;
  const shares = sharesOf(pieces);
  const rows = Array.from({ length: values.length / width }, (_, row) =>
    Float64Array.from(values.subarray(row * width, (row + 1) * width)),
  );
  const mean = mixed(rows, shares, width);
  for (const row of rows) add(row, -1, mean);
  const first = strongest(rows, shares);
  const along = rows.map((row) => dot(row, first.direction));
  for (const [id, row] of rows.entries()) add(row, -(along[id] as number), first.direction);
  const kept = Math.sqrt(strongest(rows, shares).variance / first.variance);
  for (const [id, row] of rows.entries()) add(row, kept * (along[id] as number), first.direction);
  return { shape, values: Float32Array.from(rows.flatMap((row) => [...row])) };
}

/** The direction in which rows about zero differ most, by power iteration. */
function strongest(rows: readonly Float64Array[], shares: readonly number[]) {
  let direction = unit(rows[0] as Float64Array);
  let variance = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const along = shares.map((share, id) => share * dot(rows[id] as Float64Array, direction));
    const next = mixed(rows, along, direction.length);
    variance = Math.sqrt(dot(next, next));
    direction = unit(next);
  }
  return { direction, variance };
}

/** How often each token comes; 0 where the vocabulary does not say. */
function sharesOf(pieces: EncoderPackage['pieces']): readonly number[] {
  const shares = pieces.map(([, score]) => (score !== null && score < 0 ? Math.exp(score) : 0));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

function mixed(rows: readonly Float64Array[], shares: readonly number[], width: number): Float64Array {
  const sum = new Float64Array(width);
  for (const [id, share] of shares.entries()) add(sum, share, rows[id] as Float64Array);
  return sum;
}

function add(to: Float64Array, times: number, vector: Float64Array): void {
  for (let at = 0; at < to.length; at++) to[at] = (to[at] as number) + times * (vector[at] as number);
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}
