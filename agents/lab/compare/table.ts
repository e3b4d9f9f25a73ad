import { digits, renderColumns } from './columns.js';
import type { CompareReport, LoadReport, PairedReport, PolicyReport } from './report.js';
import type { Figure } from './statistics.js';

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
  { label: '  windows at alpha', cell: ({ alphaMet }) => show(alphaMet) },
  { label: '  points over base', cell: (_, paired) => show(paired?.qualityPoints ?? null) },
  { label: 'cost, USD', cell: ({ costUsd }) => show(costUsd) },
  { label: '  as share of base', cell: (_, paired) => show(paired?.costShare ?? null) },
  { label: 'USD per correct answer', cell: ({ costPerCorrect }) => show(costPerCorrect) },
  ...times('waiting', (policy) => policy.waitingMs),
  ...times('turnaround', (policy) => policy.turnaroundMs),
  { label: '  mean as share of base', cell: (_, paired) => show(paired?.turnaroundShare ?? null) },
  ...times('first token', (policy) => policy.ttftMs),
  { label: 'answers per second', cell: ({ throughputPerS }) => show(throughputPerS) },
  { label: 'makespan, s', cell: ({ makespanS }) => show(makespanS) },
  { label: 'fairness (Jain)', cell: ({ jain }) => show(jain) },
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
export function renderTable(report: CompareReport, width: number): string {
  const paired = new Map(report.paired.map((pair) => [pair.policy, pair]));
  const rows = ROWS.filter(({ only }) => only === undefined || report.policies.some(only));
  const columns = report.policies.map((policy) => [
    policy.name,
    ...rows.map((row) => row.cell(policy, paired.get(policy.name))),
  ]);
  return renderColumns(['', ...rows.map((row) => row.label)], columns, width);
}

/** Mean and interval, to three digits. @param unit how many of the figure's units are one of those shown */
export function show(figure: Figure | null, unit = 1): string {
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
    alpha === null ? '' : `, alpha ${alpha} (${alphaSource === 'given' ? 'given' : 'predicted of round-robin + .02'})`;
  lines.push(`judged ${100 * feedback} % of the answers${learn ? ', predictors learn' : ''}${aim}`);
  if (records !== null)
    lines.push(`data   ${records} records that all cores answered, ${leftOut} left out (${load.split})`);
  return [...lines, ...load.notes.map((note) => `note   ${note}`)].map((line) => `${line}\n`).join('');
}
