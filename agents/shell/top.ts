import type { Command } from 'commander';
import type { CoreView } from '../../syscalls/cores.js';
import type { PsReply } from '../../syscalls/ps.js';
import type { StatsReply } from '../../syscalls/stats.js';
import type { Client } from '../sdk/client.js';
import { pause, realPlatform } from '../sdk/platform.js';
import { wholeNumber } from '../terminal/arguments.js';
import { out } from '../terminal/printer.js';
import { dollars, seconds } from '../terminal/table.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';
import { renderCores } from './cores.js';
import { renderProcesses, renderSyscalls } from './ps.js';

interface TopFlags extends KernelFlags {
  readonly once?: true;
  /** Milliseconds. */
  readonly interval: number;
}

interface Screen {
  readonly columns: number;
  readonly rows: number;
}

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Adds `eccos top`. */
export function registerTop(program: Command): void {
  talksToKernel(program.command('top').description('cores, processes and open syscalls, live'))
    .option('--once', 'one frame, whole and without control characters')
    .option('--interval <ms>', 'between two frames', wholeNumber(100, 3_600_000), 1000)
    .action((flags: TopFlags) => withClient(flags, 'eccos top', (client) => top(client, flags)));
}

async function top(client: Client, { once, interval }: TopFlags): Promise<void> {
  if (once) {
    out(await frameOf(client));
    return;
  }
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  while (!stopping.signal.aborted) {
    const frame = await frameOf(client);
    const { isTTY, columns, rows } = process.stdout;
    out(isTTY ? redraw(frame, { columns, rows }) : `${frame}\n`);
    // Rejects only when a signal stopped it.
    await pause(realPlatform, interval, stopping.signal).catch(() => {});
  }
}

async function frameOf(client: Client): Promise<string> {
  const [stats, cores, ps] = await Promise.all([client.stats(), client.cores(), client.ps()]);
  return renderTop(stats, cores, ps);
}

function renderTop(stats: StatsReply, cores: readonly CoreView[], { processes, syscalls }: PsReply): string {
  const { policy, uptimeMs, agents, usage, waitingMs, turnaroundMs } = stats;
  const { pending, running, done, failed, cancelled, expired, rejected } = stats.syscalls;
  return [
    `${policy}, up ${seconds(uptimeMs)} s, ${agents} connected, ${dollars(usage.costUsd)} USD${targetOf(stats)}`,
    `${pending} pending, ${running} running, ${done} done, ${failed} failed, ${cancelled} cancelled, ` +
      `${expired} expired, ${rejected} rejected`,
    `waiting p50 ${seconds(waitingMs.p50)} p99 ${seconds(waitingMs.p99)} s, ` +
      `turnaround p50 ${seconds(turnaroundMs.p50)} p99 ${seconds(turnaroundMs.p99)} s`,
    '',
    renderCores(cores),
    renderProcesses(processes),
    renderSyscalls(syscalls),
  ].join('\n');
}

function targetOf({ outlook }: StatsReply): string {
  if (outlook?.alpha === undefined) return outlook?.outOfReach ? ', its target is out of reach' : '';
  const { alpha, predictedQuality, outOfReach } = outlook;
  const expected = predictedQuality === undefined ? '' : `, ${predictedQuality.toFixed(3)} expected`;
  return `, alpha ${alpha.toFixed(3)}${outOfReach ? ' out of reach' : ''}${expected}`;
}

/** The frame in place of the one before, cut to the screen. */
function redraw(frame: string, { columns, rows }: Screen): string {
  const lines = frame.split('\n').slice(0, rows - 1);
  return `${HOME}${lines.map((line) => `${line.slice(0, columns)}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
