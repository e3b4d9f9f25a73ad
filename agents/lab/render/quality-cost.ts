/** US dollars of 1,000 calls or queries, and a mean score. */
export interface CostPoint {
  readonly cost: number;
  readonly quality: number;
}

/** Straight on a linear axis, a mixture of two points is curved on a logarithmic one: steps that are fine enough for the eye. */
const STEPS = 12;

/** What mixing neighbours at random reaches, along the line through these corners. */
export function mixtureLine(corners: readonly CostPoint[]): CostPoint[] {
  return corners.flatMap((corner, i) => {
    const next = corners[i + 1];
    if (next === undefined) return [corner];
    return Array.from({ length: STEPS }, (_, step) => ({
      cost: corner.cost + (step / STEPS) * (next.cost - corner.cost),
      quality: corner.quality + (step / STEPS) * (next.quality - corner.quality),
    }));
  });
}

/** Logarithmic costs across and qualities up. @param isEmpty whether there is no point that could say where the axes end */
export function qualityCostAxes(titles: { readonly cost: string; readonly quality: string }, isEmpty: boolean) {
  return {
    x: {
      field: 'cost',
      type: 'quantitative',
      title: titles.cost,
      scale: { type: 'log', nice: false, ...(isEmpty ? { domain: [0.1, 10] } : { padding: 40 }) },
      axis: { grid: false, format: '~g', tickCount: 20 },
    },
    y: {
      field: 'quality',
      type: 'quantitative',
      title: titles.quality,
      scale: { zero: false, nice: true, ...(isEmpty && { domain: [0, 1] }) },
    },
  } as const;
}
