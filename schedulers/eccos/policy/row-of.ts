/**
 * One row of a matrix of `m` columns, as a plain array.
 *
 * What is kept of each call is kept in plain arrays: small typed ones have memory outside of the heap, and letting go of thousands
 * of them made single ticks 200 ms long.
 */
export function rowOf(matrix: Float64Array, i: number, m: number): number[] {
  const row: number[] = [];
  for (let cell = i * m; cell < i * m + m; cell++) row.push(matrix[cell]!);
  return row;
}
