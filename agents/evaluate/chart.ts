import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, LabelLayout, SVGRenderer]);

export const INK = '#333';
export const FAINT = '#9a9a9a';
/** The predictor's colour, then those of the baselines (Okabe and Ito: told apart by the colour-blind too). */
export const PREDICTOR_COLOUR = '#0072b2';
export const COLOURS = ['#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** One chart as SVG text. The same option gives the same bytes: the library numbers what it draws in a process, and that is taken out. */
export function renderSvg(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, backgroundColor: '#fff', textStyle: { color: INK }, ...option });
    return `${chart.renderToSVGString().replace(/\bzr\d+-/g, 'zr-')}\n`;
  } finally {
    chart.dispose();
  }
}
