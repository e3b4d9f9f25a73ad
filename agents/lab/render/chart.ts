import type { TopLevelSpec } from 'vega-lite';
import { DARK_CHARTS, GRID, INK, MUTED, PAPER } from './theme.js';

/** What Vega-Lite draws; colours, letters and axes come from here. */
export type ChartSpec = TopLevelSpec;

/** The text layer of this name has its texts placed by Vega, so that none lies on another. One that finds no room is left out. */
export const PLACED_NAMES = 'names';
/** Around a dot, the nearer ones first; aslant first, because intervals are level and upright. */
const ANCHORS = ['bottom-right', 'top-left', 'top-right', 'bottom-left', 'right', 'left', 'bottom', 'top'] as const;
const OFFSETS = [8, 14, 22, 32, 44, 58];
const PLACEMENT = {
  type: 'label',
  size: { signal: '[width, height]' },
  anchor: OFFSETS.flatMap(() => ANCHORS),
  offset: OFFSETS.flatMap((offset) => ANCHORS.map(() => offset)),
  padding: 0,
} as const;

const TEXT = { labelColor: INK, titleColor: MUTED, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' };
const CONFIG = {
  background: null,
  font: 'sans-serif',
  view: { stroke: null },
  mark: { color: INK, aria: false },
  text: { color: INK },
  rule: { color: INK },
  axis: { ...TEXT, labelColor: MUTED, domainColor: MUTED, tickColor: MUTED, gridColor: GRID, labelLimit: 0 },
  header: { ...TEXT, labelLimit: 0 },
  legend: { ...TEXT, labelLimit: 0, symbolType: 'stroke', symbolSize: 400, columnPadding: 24 },
  title: { color: INK, subtitleColor: MUTED, fontSize: 16, subtitleFontSize: 12, subtitlePadding: 6, offset: 14 },
} as const;

/** A chart as SVG text, a still picture: the same specification gives the same bytes. The library is loaded with the first chart. */
export async function renderSvg(chart: ChartSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const { spec } = compile({ ...chart, config: { ...CONFIG, ...chart.config } } as ChartSpec);
  const marks = spec.marks?.map((mark) =>
    mark.name === `${PLACED_NAMES}_marks` ? { ...mark, transform: [PLACEMENT] } : mark,
  );
  const view = new View(parse({ ...spec, ...(marks && { marks }) } as typeof spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A chart as an SVG file of its own, on paper that is dark in dark surroundings. Its size is that of the whole picture. */
export async function chartFile(
  chart: ChartSpec & { readonly width: number; readonly height: number },
): Promise<string> {
  const drawing = await renderSvg({
    ...chart,
    background: PAPER,
    padding: 16,
    autosize: { type: 'fit', contains: 'padding' },
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${chart.width}" height="${chart.height}">
<style>@media (prefers-color-scheme:dark){${DARK_CHARTS}}</style>
${drawing}
</svg>
`;
}
