import type { Millis } from '../../../../syscalls/syscall.js';
import type { CompareReport } from '../../compare/report.js';
import { meanOf } from '../../metrics/statistics.js';
import { renderSvg } from '../chart.js';
import { INK } from '../theme.js';
import type { PolicyActivity } from './activity.js';
import { type CoreLoad, LOAD_BINS } from './core-load.js';
import { chartFigure, PANEL_WIDTH, panelGrid } from './figure.js';
import { duration } from './format.js';
import type { Markup } from './markup.js';

type Cores = CompareReport['load']['cores'];

/** For each policy, calls in flight on each core over the first seed's time, against the core's cap. All have one time axis. */
export async function loadPanels(
  { policies, load: { cores } }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  colours: ReadonlyMap<string, string>,
): Promise<Markup> {
  const loads = policies.flatMap(({ name }) => {
    const load = activity.get(name)?.load;
    return load === undefined || load.spanMs === 0 ? [] : [{ name, load }];
  });
  const longest = Math.max(...loads.map(({ load }) => load.spanMs));
  return panelGrid(
    await Promise.all(
      loads.map(async ({ name, load }) => {
        const use = cores.map(({ id, cap }, core) => {
          const share = meanOf(load.inFlight[core] ?? [0]) / Math.max(cap, 1);
          return `${id}: ${Math.round(100 * share)} % of ${cap}`;
        });
        return chartFigure(await draw(cores, load, use, longest, colours.get(name) ?? INK), {
          heading: name,
          note: `all done after ${duration(load.spanMs)}`,
          name: `Load of the cores under ${name}`,
          description: `mean use of the caps: ${use.join('; ')}`,
        });
      }),
    ),
  );
}

function draw(
  cores: Cores,
  { inFlight, spanMs }: CoreLoad,
  rows: readonly string[],
  longestMs: Millis,
  color: string,
): Promise<string> {
  const unit = unitOf(longestMs);
  const values = cores.flatMap(({ cap }, core) =>
    stepsOf(inFlight[core] ?? []).map(({ bin, calls }, step) => ({
      row: rows[core],
      step,
      time: ((bin / LOAD_BINS) * spanMs) / unit.ms,
      use: calls / Math.max(cap, 1),
    })),
  );
  return renderSvg({
    data: { values },
    facet: {
      row: {
        field: 'row',
        type: 'nominal',
        sort: null,
        title: null,
        header: { labelOrient: 'top', labelAnchor: 'start', labelPadding: 2 },
      },
    },
    spacing: 6,
    spec: {
      width: PANEL_WIDTH - 24,
      height: 22,
      layer: [
        {
          // A line that begins and ends at 0 and is filled: half the bytes of an area.
          mark: { type: 'line', interpolate: 'step-after', fill: color, stroke: null },
          encoding: {
            order: { field: 'step' },
            x: {
              field: 'time',
              type: 'quantitative',
              title: unit.name,
              scale: { domain: [0, longestMs / unit.ms], nice: false },
              axis: { grid: false, tickCount: 6 },
            },
            y: { field: 'use', type: 'quantitative', axis: null, scale: { domainMin: 0 } },
          },
        },
        { transform: [{ filter: 'datum.step === 0' }], mark: 'rule', encoding: { y: { datum: 1 } } },
      ],
    },
  });
}

/** From 0 to 0: where the number of calls changes, and to what. */
function stepsOf(inFlight: readonly number[]): { readonly bin: number; readonly calls: number }[] {
  const changes = inFlight
    .map((calls, bin) => ({ bin, calls }))
    .filter(({ bin, calls }) => calls !== inFlight[bin - 1]);
  return [{ bin: 0, calls: 0 }, ...changes, { bin: inFlight.length, calls: 0 }];
}

/** In which the axis counts. */
function unitOf(spanMs: Millis): { readonly name: string; readonly ms: Millis } {
  if (spanMs < 300_000) return { name: 'seconds', ms: 1000 };
  return spanMs < 10_800_000 ? { name: 'minutes', ms: 60_000 } : { name: 'hours', ms: 3_600_000 };
}
