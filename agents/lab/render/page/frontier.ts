import { FLUID_BOUND, SINGLE_MODELS } from '../../compare/frontier.js';
import type { CompareReport } from '../../compare/report.js';
import { Envelope } from '../../metrics/envelope.js';
import type { Figure } from '../../metrics/statistics.js';
import { PLACED_NAMES, renderSvg } from '../chart.js';
import { type CostPoint, mixtureLine, qualityCostAxes } from '../quality-cost.js';
import { INK, MUTED } from '../theme.js';
import { drawing, scrolling } from './figure.js';
import { score, usd } from './format.js';
import { html, type Markup } from './markup.js';

/** A policy or a model by itself, with the ends of its intervals. */
interface Point extends CostPoint {
  readonly name: string;
  readonly color: string;
  readonly costLow: number;
  readonly costHigh: number;
  readonly qualityLow: number;
  readonly qualityHigh: number;
}

/** All that is drawn. A policy that is free has no place on a logarithmic axis. */
interface Points {
  readonly policies: readonly Point[];
  /** Each policy that was swept, at each setting, and where it took part. */
  readonly settings: readonly Point[];
  /** Each core by itself. */
  readonly singles: readonly Point[];
}

/** From so many dots on, names may find no room. */
const CROWDED = 12;

/** What the quality of each policy costs, what it costs at other settings, and what each model does by itself. */
export async function frontierFigure(report: CompareReport, colours: ReadonlyMap<string, string>): Promise<Markup> {
  const points = pointsOf(report, colours);
  const { policies, settings, singles } = points;
  const shown = new Set(policies.map(({ name }) => name));
  const free = report.policies.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
  const spoken = [...policies, ...singles]
    .map(({ name, cost, quality }) => `${name}: quality ${score(quality)} at ${usd(cost)} per 1,000 calls`)
    .join('; ');
  const keys = [
    'Up is better, left is cheaper. Dots: policies, with intervals.',
    settings.length > 0
      ? 'Lines: the same policies at other settings of what they aim at (small dots), from cheap to expensive.'
      : null,
    settings.some(({ name }) => name === FLUID_BOUND)
      ? 'Fluid bound: the least cost at which all calls, known beforehand, reach a predicted quality, if the time of the cores were all that is short; what it realises is drawn.'
      : null,
    singles.length > 0
      ? 'Diamonds: each model by itself. Dashed: mixing these models at random. Neither knows caps, so neither can be reached when a core is full.'
      : null,
    policies.length + singles.length > CROWDED ? 'A name that finds no room beside its dot is left out.' : null,
  ];
  return html`<p class="about">${keys.filter((key) => key !== null).join(' ')}</p>
${scrolling('Quality against cost', drawing(await draw(points), `Quality against cost: ${spoken}`))}${
  free.length > 0
    ? html`<p class="note">Not drawn, because nothing was paid or nothing answered: ${free.join(', ')}.</p>`
    : null
}`;
}

function pointsOf({ policies, frontier, load }: CompareReport, colours: ReadonlyMap<string, string>): Points {
  const per1000 = 1000 / load.calls;
  const placed = (
    name: string,
    { costUsd, quality }: { readonly costUsd: Figure | null; readonly quality: Figure | null },
    color = colours.get(name) ?? INK,
  ): Point[] => {
    if (costUsd === null || quality === null || costUsd.mean <= 0) return [];
    const cost = costUsd.mean * per1000;
    return [
      {
        name,
        color,
        cost,
        quality: quality.mean,
        // The end of an interval that reaches 0 dollars is drawn at a tenth of the mean.
        costLow: Math.max((costUsd.low ?? costUsd.mean) * per1000, cost / 10),
        costHigh: (costUsd.high ?? costUsd.mean) * per1000,
        qualityLow: quality.low ?? quality.mean,
        qualityHigh: quality.high ?? quality.mean,
      },
    ];
  };
  const own = policies.flatMap((policy) => placed(policy.name, policy));
  const swept = frontier.filter(({ router, points }) => router !== SINGLE_MODELS && points.length > 1);
  return {
    policies: own,
    settings: swept.flatMap(({ router, points }) => [
      ...points.flatMap((point) => placed(router, point)),
      ...own.filter(({ name }) => name === router),
    ]),
    singles: frontier
      .filter(({ router }) => router === SINGLE_MODELS)
      .flatMap(({ points }) => points.flatMap((point) => placed(point.name, point, MUTED))),
  };
}

function draw({ policies, settings, singles }: Points): Promise<string> {
  const color = { field: 'color', scale: null } as const;
  const bound = settings.find(({ name }) => name === FLUID_BOUND);
  const dots = [
    ...policies.map((dot) => ({ ...dot, ink: INK })),
    ...(bound === undefined ? [] : [{ ...bound, ink: INK }]),
    ...singles.map((dot) => ({ ...dot, ink: MUTED })),
  ];
  return renderSvg({
    width: 900,
    height: 460,
    autosize: { type: 'fit', contains: 'padding' },
    encoding: qualityCostAxes(
      { cost: 'US dollars per 1,000 calls (logarithmic)', quality: 'quality (mean score)' },
      dots.length === 0,
    ),
    layer: [
      {
        data: { values: mixtureOf(singles) },
        mark: { type: 'line', color: MUTED, strokeDash: [4, 4], strokeWidth: 1 },
      },
      {
        data: { values: [...settings] },
        mark: { type: 'line', strokeWidth: 1.5, point: { filled: true, size: 24 } },
        encoding: { color, detail: { field: 'name' } },
      },
      {
        data: { values: [...policies] },
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.55 },
        encoding: { x: { field: 'costLow', type: 'quantitative' }, x2: { field: 'costHigh' }, color },
      },
      {
        data: { values: [...policies] },
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.55 },
        encoding: { y: { field: 'qualityLow', type: 'quantitative' }, y2: { field: 'qualityHigh' }, color },
      },
      {
        data: { values: [...singles] },
        mark: { type: 'point', shape: 'diamond', filled: true, opacity: 1, size: 60, color: MUTED },
      },
      {
        data: { values: [...policies] },
        mark: { type: 'point', filled: true, opacity: 1, size: 130 },
        encoding: { color },
      },
      {
        name: PLACED_NAMES,
        data: { values: dots },
        mark: { type: 'text', fontSize: 12 },
        encoding: { text: { field: 'name' }, color: { field: 'ink', scale: null } },
      },
    ],
  });
}

function mixtureOf(singles: readonly CostPoint[]): CostPoint[] {
  if (singles.length < 2) return [];
  const { cost, quality } = new Envelope({
    cost: Float64Array.from(singles, (single) => single.cost),
    quality: Float64Array.from(singles, (single) => single.quality),
  });
  return mixtureLine(Array.from(cost, (at, i) => ({ cost: at, quality: quality[i] as number })));
}
