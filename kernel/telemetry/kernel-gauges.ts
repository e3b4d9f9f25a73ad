import { Counter, Gauge, type Registry } from 'prom-client';
import type { CoreView } from '../../syscalls/cores.js';
import type { StatsReply } from '../../syscalls/stats.js';
import type { JournalFigures } from '../../syscalls/watch.js';
import { JOURNAL } from './names.js';

/** What is read when somebody scrapes. */
export interface Readings {
  readonly stats: StatsReply;
  readonly cores: readonly CoreView[];
  readonly connections: number;
  /** Undefined: there is none. */
  readonly journal: JournalFigures | undefined;
}

/** Each gauge of the kernel: name, help, and what it is. */
const KERNEL = [
  ['eccos_pending', 'Calls that wait.', ({ stats }) => stats.syscalls.pending],
  ['eccos_agents', 'Processes.', ({ stats }) => stats.agents],
  ['eccos_connections', 'Open connections, of all doors.', ({ connections }) => connections],
] as const satisfies Row<Readings>[];

/** Of each core; undefined: it has no such number. */
const CORE = [
  ['eccos_core_running', 'Calls in flight on a core.', ({ running }) => running],
  ['eccos_core_cap', 'Most calls in flight on a core.', ({ cap }) => cap],
  ['eccos_core_queued', 'Calls that the queue of a core holds.', ({ queued }) => queued],
  [
    'eccos_core_up',
    '1: calls may start on the core; 0: none may for now.',
    ({ state, cap }) => (state === 'up' && cap > 0 ? 1 : 0),
  ],
  ['eccos_core_minute_requests_left', 'Requests that the limit per minute leaves.', (core) => core.requestsLeft],
  ['eccos_core_minute_tokens_left', 'Tokens that the limit per minute leaves.', (core) => core.tokensLeft],
] as const satisfies Row<CoreView>[];

/** Of the policy, where it says so. */
const POLICY = [
  ['eccos_policy_alpha', 'Mean quality that is to be reached.', ({ alpha }) => alpha],
  ['eccos_policy_predicted_quality', 'Mean quality that was predicted.', (status) => status.predictedQuality],
  ['eccos_policy_rated_quality', 'Mean rating of the answers that were rated.', (status) => status.ratedQuality],
  [
    'eccos_policy_price_of_quality_usd',
    'US dollars for one call from surely wrong to surely right.',
    (status) => status.priceOfQuality,
  ],
  ['eccos_policy_wait_price_usd', "US dollars of an hour of one call's waiting.", (status) => status.waitPrice],
] as const satisfies Row<NonNullable<StatsReply['outlook']>>[];

const SECOND_PRICE = [
  'eccos_policy_second_price_usd',
  'US dollars that a second on a core is worth to calls to come.',
] as const;

/** Of the journal, where there is one. */
const JOURNAL_NOW = [
  [JOURNAL.waiting, 'Facts that wait to be written.', ({ waiting }) => waiting],
  [JOURNAL.commitP99, '99 % quantile of the time of the last 1,000 commits.', ({ commitMs }) => commitMs.p99 / 1000],
  [JOURNAL.bytes, 'Size of the file.', ({ bytes }) => bytes],
] as const satisfies Row<JournalFigures>[];

const JOURNAL_COUNTS = [
  [JOURNAL.written, 'Facts that were written.', ({ written }) => written],
  [JOURNAL.refused, 'Calls that were refused because they could not be written.', ({ refused }) => refused],
  [JOURNAL.commits, 'Groups of facts that were written.', ({ commits }) => commits],
  [JOURNAL.commitTime, 'Time that all commits took.', ({ commitMs }) => commitMs.total / 1000],
] as const satisfies Row<JournalFigures>[];

const COUNTS = [
  [
    'eccos_policy_fallbacks_total',
    'Times that FIFO decided because the policy threw.',
    ({ stats }) => stats.scheduler.fallbacks,
  ],
  [
    'eccos_invalid_assignments_total',
    'Assignments that were dropped.',
    ({ stats }) => stats.scheduler.invalidAssignments,
  ],
] as const satisfies Row<Readings>[];

type Row<Source> = readonly [name: string, help: string, read: (source: Source) => number | undefined];

/** Puts numbers of the kernel into a registry. @param hasJournal without one there are no metrics of it @returns sets them all to what they are now */
export function kernelGauges(registry: Registry, hasJournal: boolean): (readings: Readings) => void {
  const registers = [registry];
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const kernel = KERNEL.map(([name, help, read]) => ({ gauge: gauge(name, help), read }));
  const core = CORE.map(([name, help, read]) => ({ gauge: gauge(name, help, 'core'), read }));
  const policy = POLICY.map(([name, help, read]) => ({ gauge: gauge(name, help, 'policy'), read }));
  const secondPrice = gauge(...SECOND_PRICE, 'core');
  const counts = COUNTS.map(([name, help, read]) => ({ counter: counter(name, help), read }));
  const setJournal = hasJournal ? journalMetrics(gauge, counter) : undefined;
  return (readings) => {
    const { stats, cores, journal } = readings;
    for (const { gauge, read } of kernel) gauge.set(read(readings));
    for (const view of cores) {
      for (const { gauge, read } of core) setIfKnown(gauge, { core: view.id }, read(view));
    }
    for (const { counter, read } of counts) setCounter(counter, read(readings));
    if (journal !== undefined) setJournal?.(journal);
    if (stats.outlook === undefined) return;
    for (const { gauge, read } of policy) setIfKnown(gauge, { policy: stats.policy }, read(stats.outlook));
    for (const [id, usd] of Object.entries(stats.outlook.secondPrices)) secondPrice.set({ core: id }, usd);
  };
}

function journalMetrics(
  gauge: (name: string, help: string) => Gauge,
  counter: (name: string, help: string) => Counter,
): (figures: JournalFigures) => void {
  const now = JOURNAL_NOW.map(([name, help, read]) => ({ gauge: gauge(name, help), read }));
  const counts = JOURNAL_COUNTS.map(([name, help, read]) => ({ counter: counter(name, help), read }));
  return (figures) => {
    for (const { gauge, read } of now) setIfKnown(gauge, {}, read(figures));
    for (const { counter, read } of counts) setCounter(counter, read(figures));
  };
}

/** What is counted elsewhere. */
function setCounter(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

function setIfKnown(gauge: Gauge, labels: Record<string, string>, value: number | undefined): void {
  if (value !== undefined) gauge.set(labels, value);
}
