import { basename } from 'node:path';
import { digits, renderColumns, renderTable } from '../../terminal/table.js';
import type { Figure } from '../metrics/statistics.js';
import { isOverloaded } from './metrics.js';
import type {
  BatchReport,
  ClaimReport,
  CompareReport,
  ConditionReport,
  FrontierReport,
  Gate,
  LoadReport,
  PairedReport,
  Point,
  PolicyReport,
} from './report.js';

interface Row {
  readonly label: string;
  /** Shown only where a policy has any of it. */
  readonly only?: (policy: PolicyReport) => boolean;
  readonly cell: (policy: PolicyReport, paired: PairedReport | undefined) => string;
}

/** What the table shows of a policy, from top to bottom. */
const ROWS: readonly Row[] = [
  { label: 'quality', cell: ({ quality }) => show(quality) },
  { label: '  predicted', cell: ({ predictedQuality }) => show(predictedQuality) },
  { label: '  alpha', cell: ({ alpha }) => (alpha === null ? '-' : digits(alpha)) },
  { label: '  points over alpha', cell: ({ pointsOverAlpha }) => show(pointsOverAlpha) },
  { label: '  worst 1,000 calls', cell: ({ worstWindow }) => show(worstWindow) },
  { label: '  points over base', cell: (_, paired) => show(paired?.qualityPoints ?? null) },
  { label: 'cost, USD', cell: ({ costUsd }) => show(costUsd) },
  { label: '  as share of base', cell: (_, paired) => show(paired?.costShare ?? null) },
  { label: 'USD per correct answer', cell: ({ costPerCorrect }) => show(costPerCorrect) },
  { label: 'quality by one forecast', only: isBounded, cell: ({ bound }) => show(bound.forecastQuality) },
  { label: '  fluid bound there, USD', only: isBounded, cell: ({ bound }) => show(bound.costUsd) },
  { label: '  cost over the bound, x', only: isBounded, cell: ({ bound }) => show(bound.costOver) },
  ...times('waiting', (policy) => policy.waitingMs),
  ...times('turnaround', (policy) => policy.turnaroundMs),
  { label: '  mean as share of base', cell: (_, paired) => show(paired?.turnaroundShare ?? null) },
  ...times('first token', (policy) => policy.ttftMs),
  { label: 'answers per second', cell: ({ throughputPerS }) => show(throughputPerS) },
  { label: 'makespan, s', cell: ({ makespanS }) => show(makespanS) },
  { label: 'fairness (Jain)', cell: ({ jain }) => show(jain) },
  { label: 'backlog at the end, x its time', cell: ({ backlog }) => show(backlog) },
  { label: 're-sent input tokens', cell: ({ reprefillTokens }) => show(reprefillTokens) },
  { label: 'decision p50, ms', cell: ({ decisionMs }) => show(decisionMs.p50) },
  { label: 'decision p99, ms', cell: ({ decisionMs }) => show(decisionMs.p99) },
  { label: 'scheduling a call, ms', cell: ({ overheadMsPerCall }) => show(overheadMsPerCall) },
  { label: '  as share of LLM time', cell: ({ overheadShare }) => show(overheadShare) },
  { label: 'cap violations', cell: ({ capViolations }) => String(capViolations) },
  {
    label: 'policy threw, fifo took over',
    only: ({ fallbacks }) => fallbacks > 0,
    cell: ({ fallbacks }) => String(fallbacks),
  },
  {
    label: 'invalid assignments',
    only: ({ invalidAssignments }) => invalidAssignments > 0,
    cell: ({ invalidAssignments }) => String(invalidAssignments),
  },
  { label: 'lost / failed', cell: ({ lost, failed }) => `${lost} / ${failed}` },
  { label: 'expired / rejected', cell: ({ expired, rejected }) => `${expired} / ${rejected}` },
];

function isBounded({ bound }: PolicyReport): boolean {
  return bound.forecastQuality !== null;
}

function times(label: string, of: (policy: PolicyReport) => PolicyReport['waitingMs']): Row[] {
  return (['p50', 'p90', 'p99'] as const).map((p) => ({
    label: `${label} ${p}, s`,
    cell: (policy) => show(of(policy)[p], 1000),
  }));
}

/**
 * The report as text: one column a policy, in as many blocks as the width needs.
 *
 * @param width of the terminal, in characters
 */
export function renderPolicies(report: CompareReport, width: number): string {
  const paired = new Map(report.paired.map((pair) => [pair.policy, pair]));
  const rows = ROWS.filter(({ only }) => only === undefined || report.policies.some(only));
  const columns = report.policies.map((policy) => [
    policy.name,
    ...rows.map((row) => row.cell(policy, paired.get(policy.name))),
  ]);
  return renderColumns(['', ...rows.map((row) => row.label)], columns, width);
}

/** Mean and interval, to three digits. @param unit how many of the figure's units are one of those shown */
function show(figure: Figure | null, unit = 1): string {
  if (figure === null) return '-';
  const { mean, low, high } = figure;
  const interval = low === null || high === null ? '' : ` [${digits(low / unit)}, ${digits(high / unit)}]`;
  return digits(mean / unit) + interval;
}

/** The load in a few lines: what every policy is going to get. */
export function renderLoad(load: LoadReport, seeds: number): string {
  const { name, mode, agents, calls, speed, speedSource, busyShare, trace, ratePerS, records, leftOut, cores } = load;
  const { alpha, alphaSource, feedback, learn } = load;
  const pace = trace ?? (ratePerS === null ? '' : `${ratePerS} a second`);
  const busy = busyShare === null ? '' : `, cores ${(100 * busyShare).toFixed(0)} % busy under round-robin`;
  const lines = [
    `load   ${name}, ${calls} calls x ${seeds} seeds, ${agents} agents, ${mode === 'live' ? 'real' : 'virtual'} time`,
    `pace   ${pace === '' ? '' : `${pace}, `}speed ${speed} (${speedSource}${busy})`,
    `cores  ${cores.map(({ id, cap }) => `${id} x${cap}`).join(', ')} (caps: ${load.capsSource})`,
  ];
  const aim =
    alpha === null
      ? ''
      : `, alpha ${alpha} (${alphaSource === 'given' ? 'given' : 'predicted of round-robin + .02, or what it reached'})`;
  lines.push(`rated  ${100 * feedback} % of the answers${learn ? ', predictors learn' : ''}${aim}`);
  if (records !== null)
    lines.push(`data   ${records} records that all cores answered, ${leftOut} left out (${load.split})`);
  return [...lines, ...load.notes.map((note) => `note   ${note}`)].map((line) => `${line}\n`).join('');
}

const LABELS = ['', 'saving at 100 % of best', 'saving at 98 %', 'saving at 95 %', 'AIQ', 'AIQ less single models'];

/** What a sweep found, as text: how far each policy can go, and what it does at equal quality or cost. Empty without a sweep. */
export function renderFrontier({ frontier, claims, policies }: CompareReport, width: number): string {
  if (claims.length === 0) return '';
  const swept = frontier.filter(({ points }) => points.length > 1).map(columnOf);
  const lines = claims.map((claim) => claimOf(claim, policies)).filter((line) => line !== undefined);
  return `${renderColumns(LABELS, swept, width)}\n${lines.join('\n')}\n`;
}

function columnOf({ router, savingAt, aiq, aiqMinusZero }: FrontierReport): string[] {
  const figures = [savingAt['1.00'], savingAt['0.98'], savingAt['0.95'], aiq, aiqMinusZero];
  return [router, ...figures.map((figure) => show(figure))];
}

/** Undefined: there is nothing to claim. */
function claimOf(claim: ClaimReport, policies: readonly PolicyReport[]): string | undefined {
  const { policy, base, savingAtEqualQuality, turnaroundShareAtEqualQuality, pointsAtEqualCost } = claim;
  const { savingAtOwnQuality, turnaroundShareAtOwnQuality } = claim;
  const parts = [
    ...(savingAtEqualQuality === null
      ? []
      : [
          `at its quality ${show(savingAtEqualQuality, 0.01)} % cheaper, turnaround x ${show(turnaroundShareAtEqualQuality)}`,
        ]),
    ...(pointsAtEqualCost === null ? [] : [`at its cost ${show(pointsAtEqualCost)} points better`]),
    ...(savingAtOwnQuality === null
      ? []
      : [
          `as it is ${show(savingAtOwnQuality, 0.01)} % cheaper than its line, turnaround x ${show(turnaroundShareAtOwnQuality)}`,
        ]),
  ];
  // Who queues without bound spends time after the stream that nobody has who goes on.
  const unfair =
    isStable(policies, policy) && !isStable(policies, base) ? ' (not comparable: its queue grows with the stream)' : '';
  return parts.length === 0 ? undefined : `${policy} against ${base}${unfair}: ${parts.join('; ')}`;
}

/** Whether a policy keeps up with a load, or its queue grows as long as calls come. */
function isStable(policies: readonly PolicyReport[], name: string): boolean {
  return !isOverloaded(policies.find((policy) => policy.name === name)?.backlog?.mean ?? null);
}

/** The same policies at other arrivals and loads, as text: empty where none were asked for. */
export function renderConditions({ conditions }: CompareReport): string {
  if (conditions.length === 0) return '';
  const rows = conditions.flatMap(({ arrivals, loadPercent, policies }) =>
    policies.map(({ name, quality, costUsd, bound, meanTurnaroundMs, backlog }) => [
      basename(arrivals),
      `${loadPercent} %`,
      name,
      show(quality),
      show(costUsd),
      show(bound.costOver),
      show(meanTurnaroundMs, 1000),
      `${show(backlog)}${isStable(policies, name) ? '' : ' not stable'}`,
    ]),
  );
  const columns = ['ARRIVALS', 'LOAD', 'POLICY', 'QUALITY', 'COST, USD', 'OVER BOUND, X', 'TURNAROUND, S', 'BACKLOG'];
  const claims = conditions.flatMap(({ arrivals, loadPercent, claims, policies }) =>
    claims.flatMap((claim) => {
      const line = claimOf(claim, policies);
      // What queues without bound has nothing to claim.
      return line === undefined || !isStable(policies, claim.policy)
        ? []
        : [`${basename(arrivals)}, ${loadPercent} %: ${line}`];
    }),
  );
  return [renderTable(columns, rows), ...claims, ...fairLoads(conditions), ''].join('\n');
}

/** Where each policy that is not stable everywhere can be compared at all: at the highest load that it stands. */
function fairLoads(conditions: readonly ConditionReport[]): string[] {
  const names = new Set(conditions.flatMap(({ policies }) => policies.map(({ name }) => name)));
  const patterns = new Set(conditions.map(({ arrivals }) => arrivals));
  return [...patterns].flatMap((pattern) => {
    const own = conditions.filter(({ arrivals }) => arrivals === pattern);
    return [...names].flatMap((name) => {
      const stable = own.filter(({ policies }) => isStable(policies, name));
      if (stable.length === own.length) return [];
      const most = Math.max(...stable.map(({ loadPercent }) => loadPercent));
      const where = stable.length === 0 ? 'at none of these loads' : `up to ${most} %, and comparable no further`;
      return [`${basename(pattern)}: ${name} is stable ${where}`];
    });
  });
}

/** What a dial does, as text: time against cost at equal quality. Empty where no policy has one. */
export function renderDials({ dials }: CompareReport): string {
  return dials
    .map(({ policy, seeds, points }) =>
      [
        `${policy}: time against cost at equal quality (${seeds} ${seeds === 1 ? 'seed' : 'seeds'})`,
        renderTable(
          ['SETTING', 'MEAN TURNAROUND, S', 'COST OVER THE BOUND, X', 'QUALITY', 'COST, USD'],
          points.map(({ name, meanTurnaroundMs, costOver, quality, costUsd }) => [
            name,
            show(meanTurnaroundMs, 1000),
            show(costOver),
            show(quality),
            show(costUsd),
          ]),
        ),
      ].join('\n'),
    )
    .join('\n');
}

const QUERIES = 1000;

/** What a figure counts, by where policies are compared. */
const UNITS: Readonly<Record<Gate['at'], { readonly label: string; readonly unit: number }>> = {
  cost: { label: 'points more right at equal cost', unit: 1 },
  quality: { label: '% saved at equal quality', unit: 0.01 },
  alpha: { label: '% more expensive at equal predicted quality', unit: 0.01 },
};

/** Closed batches as text: each comparison on a line, then cost and quality of each policy at each setting. */
export function renderBatches({ folds, batch, resamples, replay, points, gates }: BatchReport): string {
  return [
    `batches  ${batch === null ? 'all calls at once' : `${batch} calls`}, all slots free at the start of each; every answer is rated`,
    `predicted by nets of ${folds} folds that have not seen the record`,
    `[95 % interval] from ${resamples} resamples of the records, ${replay ? 'each played again' : 'with the cores that were chosen for them'}`,
    '',
    renderTable(
      ['GATE', 'ECCOS AGAINST', 'FIGURE', ''],
      gates.map(({ name, against, at, figure }) => [name, against, showEnds(figure, UNITS[at].unit), UNITS[at].label]),
    ),
    renderTable(['POLICY', 'SETTING', 'QUALITY', 'PREDICTED', 'USD PER 1,000'], points.map(pointRow)),
  ].join('\n');
}

function pointRow({ policy, setting, quality, predictedQuality, costUsd }: Point): string[] {
  return [
    policy,
    setting === null ? '-' : String(setting),
    quality.toFixed(4),
    predictedQuality === null ? '-' : predictedQuality.toFixed(4),
    digits(QUERIES * costUsd),
  ];
}

/** As `show`, with every end that is not reached. */
function showEnds(figure: Figure | null, unit: number): string {
  const text = (value: number | null) => (value === null ? 'null' : digits(value / unit));
  return figure === null ? 'null' : `${text(figure.mean)} [${text(figure.low)}, ${text(figure.high)}]`;
}
