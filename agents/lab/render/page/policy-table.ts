import type { CompareReport, PolicyReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { scrolling } from './figure.js';
import { count, duration, type Format, percent, plain, score, usd } from './format.js';
import { breakable, html, type Markup } from './markup.js';
import { figureCell } from './table.js';

interface Row {
  readonly label: string;
  readonly cell: (policy: PolicyReport) => Markup;
}

interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** What the table shows of each policy, from top to bottom. */
const GROUPS: readonly Group[] = [
  {
    title: 'Quality',
    rows: [
      row('Realised', (policy) => policy.quality, score),
      row('Predicted', (policy) => policy.predictedQuality, score),
      {
        label: 'Alpha, the mean aimed at',
        cell: ({ alpha }) => html`<td>${alpha === null ? '\u2013' : score(alpha)}</td>`,
      },
      row('Points over alpha', (policy) => policy.pointsOverAlpha, plain),
      row('Points over alpha of the worst 1,000 calls', (policy) => policy.worstWindow, plain),
    ],
  },
  {
    title: 'Cost',
    rows: [
      row('One seed', (policy) => policy.costUsd, usd),
      row('Per correct answer', (policy) => policy.costPerCorrect, usd),
    ],
  },
  {
    title: 'Against the fluid bound',
    rows: [
      row('Quality by one forecast for all', (policy) => policy.bound.forecastQuality, score),
      row('Least cost there', (policy) => policy.bound.costUsd, usd),
      row('Cost as a multiple of it', (policy) => policy.bound.costOver, plain),
    ],
  },
  times('Waiting, accepted to started', (policy) => policy.waitingMs),
  times('Turnaround, accepted to final', (policy) => policy.turnaroundMs, [
    row('Mean', (policy) => policy.meanTurnaroundMs, duration),
  ]),
  times('Started to first token', (policy) => policy.ttftMs),
  times('Turnaround of whole runs', (policy) => policy.runTurnaroundMs),
  {
    title: 'Flow',
    rows: [
      row('Answers a second', (policy) => policy.throughputPerS, plain),
      row(
        'First call to last answer',
        (policy) => policy.makespanS,
        (seconds) => duration(1000 * seconds),
      ),
      row('Fairness among agents (Jain)', (policy) => policy.jain, plain),
      row('Backlog when the last run begins', (policy) => policy.backlog, percent),
      row('Input tokens sent again', (policy) => policy.reprefillTokens, plain),
    ],
  },
  {
    title: 'Scheduling',
    rows: [
      row('One decision, p50', (policy) => policy.decisionMs.p50, duration),
      row('One decision, p99', (policy) => policy.decisionMs.p99, duration),
      row('Predicting and deciding, by call', (policy) => policy.overheadMsPerCall, duration),
      row('Share of the time on cores', (policy) => policy.overheadShare, percent),
    ],
  },
  {
    title: 'Counts over all seeds',
    rows: (
      [
        ['Cap violations', 'capViolations'],
        ['Policy threw, fifo took over', 'fallbacks'],
        ['Invalid assignments', 'invalidAssignments'],
        ['Lost', 'lost'],
        ['Failed', 'failed'],
        ['Expired', 'expired'],
        ['Cancelled', 'cancelled'],
        ['Rejected', 'rejected'],
      ] as const
    ).map(([label, key]) => ({ label, cell: (policy) => html`<td>${count(policy[key])}</td>` })),
  },
];

function row(label: string, of: (policy: PolicyReport) => Figure | null, format: Format): Row {
  return { label, cell: (policy) => figureCell(of(policy), format) };
}

function times(
  title: string,
  of: (policy: PolicyReport) => PolicyReport['waitingMs'],
  more: readonly Row[] = [],
): Group {
  return {
    title,
    rows: [...more, ...(['p50', 'p90', 'p99'] as const).map((at) => row(at, (policy) => of(policy)[at], duration))],
  };
}

/** Every figure of every policy, with its interval; groups in which nothing was measured are left out. */
export function policyTable({ policies }: CompareReport): Markup {
  const groups = GROUPS.filter(({ rows }) =>
    rows.some(({ cell }) => policies.some((policy) => cell(policy).toString() !== '<td>\u2013</td>')),
  );
  return scrolling(
    'Figures of the policies',
    html`<table class="figures">
<thead><tr><td></td>${policies.map(({ name }) => html`<th scope="col">${breakable(name)}</th>`)}</tr></thead>
${groups.map(
  ({ title, rows }) => html`<tbody>
<tr class="group"><th scope="rowgroup" colspan="${policies.length + 1}"><span>${title}</span></th></tr>
${rows.map(({ label, cell }) => html`<tr><th scope="row">${label}</th>${policies.map(cell)}</tr>\n`)}</tbody>`,
)}
</table>`,
  );
}
