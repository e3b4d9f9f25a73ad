import type { Command } from 'commander';
import type { StatsReply } from '../../syscalls/stats.js';
import { out } from '../terminal/printer.js';
import { dollars, renderTable, seconds } from '../terminal/table.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';

/** Adds `eccos stats`. */
export function registerStats(program: Command): void {
  talksToKernel(
    program.command('stats').description('counts since boot, and times over the last 1,000 answers'),
  ).action(async (flags: KernelFlags) =>
    out(renderStats(await withClient(flags, 'eccos stats', (client) => client.stats()))),
  );
}

const NAME = { total: 'in all', day: 'of this day', month: 'of this month' } as const;

function renderStats(stats: StatsReply): string {
  const { syscalls, usage, scheduler, outlook } = stats;
  const counts = Object.entries(syscalls).map(([name, count]) => [`syscalls ${name}`, count] as const);
  const times = [
    ['waiting', stats.waitingMs],
    ['turnaround', stats.turnaroundMs],
  ] as const;
  const real = [
    ['decision', scheduler.decisionMs],
    ['preparing a batch', scheduler.prepareMs],
    ['preparing a call', scheduler.prepareCallMs],
  ] as const;
  const target =
    outlook === undefined
      ? []
      : ([
          ['alpha', outlook.alpha?.toFixed(3)],
          ['predicted quality', outlook.predictedQuality?.toFixed(3)],
          ['target out of reach', outlook.outOfReach ? 'yes' : 'no'],
          ['greedy placements', outlook.greedy],
          ['warning', outlook.warning],
        ] as const);
  const rows = [
    ['policy', stats.policy],
    ['uptime, s', seconds(stats.uptimeMs)],
    ['agents', stats.agents],
    ...counts,
    ['retries', stats.retries],
    ['preemptions', stats.preemptions],
    ['input tokens', usage.inputTokens],
    ['  re-sent', usage.reprefillTokens],
    ['output tokens', usage.outputTokens],
    ['cost, USD', dollars(usage.costUsd)],
    ...(stats.budgets ?? []).map(
      ({ per, usd, spentUsd }) => [`budget ${NAME[per]}, USD`, `${dollars(spentUsd)} of ${dollars(usd)}`] as const,
    ),
    ...times.flatMap(([name, { p50, p99 }]) => [
      [`${name} p50, s`, seconds(p50)],
      [`${name} p99, s`, seconds(p99)],
    ]),
    ['scheduler ticks', scheduler.ticks],
    ['scheduler fallbacks', scheduler.fallbacks],
    ['invalid assignments', scheduler.invalidAssignments],
    ...real.flatMap(([name, { p50, p99 }]) => [
      [`${name} p50, ms`, p50.toFixed(3)],
      [`${name} p99, ms`, p99.toFixed(3)],
    ]),
    ...target,
  ] as const;
  return renderTable(['WHAT', 'VALUE'], rows);
}
