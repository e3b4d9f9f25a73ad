import type { CompareReport, LoadReport, PairedReport, PolicyReport } from './report.js';
import type { Figure } from './statistics.js';

interface Row {
  readonly label: string;
  readonly cell: (policy: PolicyReport, paired: PairedReport | undefined) => string;
}

/** What the table shows of a policy, from top to bottom. */
const ROWS: readonly Row[] = [
  { label: 'quality', cell: ({ quality }) => show(quality) },
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
  { label: 'cap violations', cell: ({ capViolations }) => String(capViolations) },
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
  const columns = report.policies.map((policy) => [
    policy.name,
    ...ROWS.map((row) => row.cell(policy, paired.get(policy.name))),
  ]);
  const labels = ['', ...ROWS.map((row) => row.label)];
  const labelWidth = widest(labels);
  const blocks: string[] = [];
  for (let start = 0; start < columns.length; ) {
    const block: (readonly string[])[] = [];
    let used = labelWidth;
    for (const column of columns.slice(start)) {
      used += 2 + widest(column);
      if (block.length > 0 && used > width) break;
      block.push(column);
    }
    start += block.length;
    blocks.push(renderBlock(labels, labelWidth, block));
  }
  return blocks.join('\n');
}

function renderBlock(labels: readonly string[], labelWidth: number, columns: readonly (readonly string[])[]): string {
  const widths = columns.map(widest);
  const lines = labels.map((label, i) =>
    [label.padEnd(labelWidth), ...columns.map((column, c) => (column[i] ?? '').padEnd(widths[c] ?? 0))]
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Mean and interval, to three digits. @param unit how many of the figure's units are one of those shown */
function show(figure: Figure | null, unit = 1): string {
  if (figure === null) return '-';
  const { mean, low, high } = figure;
  const interval = low === null || high === null ? '' : ` [${digits(low / unit)}, ${digits(high / unit)}]`;
  return digits(mean / unit) + interval;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size === 0) return '0';
  return size < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

/** The load in a few lines: what every policy is going to get. */
export function renderLoad(load: LoadReport, seeds: number): string {
  const { name, mode, agents, calls, speed, speedSource, busyShare, trace, ratePerS, records, leftOut, cores } = load;
  const pace = trace ?? (ratePerS === null ? '' : `${ratePerS} a second`);
  const busy = busyShare === null ? '' : `, cores ${(100 * busyShare).toFixed(0)} % busy under round-robin`;
  const lines = [
    `load   ${name}, ${calls} calls x ${seeds} seeds, ${agents} agents, ${mode === 'live' ? 'real' : 'virtual'} time`,
    `pace   ${pace === '' ? '' : `${pace}, `}speed ${speed} (${speedSource}${busy})`,
    `cores  ${cores.map(({ id, cap }) => `${id} x${cap}`).join(', ')} (caps: ${load.capsSource})`,
  ];
  if (records !== null)
    lines.push(`data   ${records} records that all cores answered, ${leftOut} left out (${load.split})`);
  return `${lines.join('\n')}\n`;
}
