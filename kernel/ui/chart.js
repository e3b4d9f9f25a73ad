import { html, useEffect, useRef } from './preact.js';
import uPlot from './uplot.js';

/**
 * Lines over time.
 *
 * @param series names, one a line; at most six
 * @param data as uPlot takes it: seconds, then a column a line
 * @param format of the values at the axis
 * @param height in pixels
 */
export function Chart({ label, series, data, format, height = 150 }) {
  const box = useRef(null);
  const plot = useRef(null);
  const names = series.join('\n');
  useEffect(() => {
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(box.current, { series, format, height }), data, box.current);
    };
    make();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    const resized = new ResizeObserver(() => {
      plot.current.setSize({ width: box.current.clientWidth, height });
    });
    resized.observe(box.current);
    return () => {
      scheme.removeEventListener('change', make);
      resized.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [names]);
  useEffect(() => {
    plot.current?.setData(data);
  });
  return html`
    <div class="chart" ref=${box} role="img" aria-label=${label}></div>
    <ul class="legend">
      ${series.map((name, n) => html`<li><i class=${`c${n + 1}`}></i>${name}</li>`)}
    </ul>
  `;
}

function optionsOf(box, { series, format, height }) {
  const style = getComputedStyle(box);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const lines = series.map((label, n) => ({
    label,
    stroke: color(`--series-${n + 1}`),
    width: 2,
    points: { show: false },
  }));
  return {
    width: box.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.15 : 1] } },
    axes: [
      { ...axis, size: 26, space: 80, values: [[1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1]] },
      { ...axis, size: 56, space: 32, values: (_plot, values) => values.map(format) },
    ],
    series: [{}, ...lines],
  };
}
