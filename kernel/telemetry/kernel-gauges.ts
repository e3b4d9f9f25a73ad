import { Counter, Gauge, type Registry } from 'prom-client';
import type { CoreView } from '../../syscalls/cores.js';
import type { StatsReply } from '../../syscalls/stats.js';

/** What is read when somebody scrapes. */
export interface Readings {
  readonly stats: StatsReply;
  readonly cores: readonly CoreView[];
  readonly connections: number;
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

/** Puts numbers of the kernel into a registry. @returns sets them all to what they are now */
export function kernelGauges(registry: Registry): (readings: Readings) => void {
  const registers = [registry];
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const kernel = KERNEL.map(([name, help, read]) => ({ gauge: gauge(name, help), read }));
  const core = CORE.map(([name, help, read]) => ({ gauge: gauge(name, help, 'core'), read }));
  const policy = POLICY.map(([name, help, read]) => ({ gauge: gauge(name, help, 'policy'), read }));
  const secondPrice = gauge(...SECOND_PRICE, 'core');
  const counts = COUNTS.map(([name, help, read]) => ({ counter: new Counter({ name, help, registers }), read }));
  return (readings) => {
    const { stats, cores } = readings;
    for (const { gauge, read } of kernel) gauge.set(read(readings));
    for (const view of cores) {
      for (const { gauge, read } of core) setIfKnown(gauge, { core: view.id }, read(view));
    }
    for (const { counter, read } of counts) {
      counter.reset();
      counter.inc(read(readings));
    }
    if (stats.outlook === undefined) return;
    for (const { gauge, read } of policy) setIfKnown(gauge, { policy: stats.policy }, read(stats.outlook));
    for (const [id, usd] of Object.entries(stats.outlook.secondPrices)) secondPrice.set({ core: id }, usd);
  };
}

function setIfKnown(gauge: Gauge, labels: Record<string, string>, value: number | undefined): void {
  if (value !== undefined) gauge.set(labels, value);
}
