import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export const INK = '#333';
export const FAINT = '#9a9a9a';
/** The predictor's colour, then those of the baselines (Okabe and Ito: told apart by the colour-blind too). */
export const PREDICTOR_COLOUR = '#0072b2';
export const COLOURS = ['#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** Below the drawing, in up to two rows, with room for fonts that are wider than the library reckons. */
export const LEGEND = { bottom: 4, itemGap: 22, itemWidth: 28 } as const;
/** Around the drawing, pixels. */
export const MARGIN = { left: 70, right: 40, top: 70, bottom: 130 } as const;

const FONT = 'Arial, Helvetica, sans-serif';

/** What the library writes for a page that listens to the mouse; its names go by what was drawn before. */
const HOVER = / class="zr\d+-cls-\d+"| ecmeta_\w+="[^"]*"|<style >.*?<\/style>\s*/gs;
const PAINTER = /(?<=["#])zr\d+-/g;

/** One chart as SVG text, a still picture: the same option gives the same bytes. */
export function renderSvg(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      textStyle: { color: INK, fontFamily: FONT },
      ...option,
    });
    return `${chart.renderToSVGString().replace(HOVER, '').replace(PAINTER, 'zr-')}\n`;
  } finally {
    chart.dispose();
  }
}
