/** Standardised features beyond this are clipped. */
const CLIP = 5;
/** A feature that varies less is as good as constant. */
const LEAST_DEVIATION = 1e-6;

/** Mean and standard deviation of each feature on the training part. */
export interface FeatureScale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** @param rows feature vectors of one length; one or more */
export function scaleOf(rows: readonly Float32Array[]): FeatureScale {
  const [first = []] = rows;
  const mean = Array.from(first, (_, at) => average(rows, (row) => row[at] as number));
  const deviation = mean.map((centre, at) => Math.sqrt(average(rows, (row) => ((row[at] as number) - centre) ** 2)));
  return { mean: mean.map(readable), deviation: deviation.map(readable) };
}

/** Six digits: a person reads the file that it is kept in. */
function readable(value: number): number {
  return Number(value.toPrecision(6));
}

/** (feature - mean) / deviation, clipped to +-5; 0 for a feature that was constant. @returns rows x features */
export function standardise(rows: readonly Float32Array[], { mean, deviation }: FeatureScale): Float32Array {
  const width = mean.length;
  const scaled = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    for (let at = 0; at < width; at++) {
      const spread = deviation[at] as number;
      if (spread < LEAST_DEVIATION) continue;
      const z = ((row[at] as number) - (mean[at] as number)) / spread;
      scaled[i * width + at] = Math.max(-CLIP, Math.min(CLIP, z));
    }
  }
  return scaled;
}

function average(rows: readonly Float32Array[], of: (row: Float32Array) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
}
