import type { CoreView } from '../../syscalls/cores.js';
import type { PsReply } from '../../syscalls/ps.js';
import type { StatsReply } from '../../syscalls/stats.js';
import type { WatchedKernel } from '../../syscalls/watch.js';
import type { Size } from '../terminal/screen.js';
import { dollars, seconds } from '../terminal/table.js';
import { renderCores } from './cores.js';
import { renderProcesses, renderSyscalls } from './ps.js';

/** What a kernel does at one moment. */
export interface TopData extends PsReply {
  readonly stats: StatsReply;
  readonly cores: readonly CoreView[];
}

/** @throws TypeError for a watch without the sections that are shown */
export function topDataOf({ at, kernel, cores, agents, calls }: WatchedKernel): TopData {
  if (kernel === undefined) throw new TypeError('Expected a view of the kernel');
  const syscalls = calls.map(({ syscallId, pid, status, core, reason, acceptedAt, outputTokens }) => {
    const place = core === undefined || reason === undefined ? {} : { core, reason };
    return { syscallId, pid, status, ...place, ageMs: at - acceptedAt, outputTokens };
  });
  return { stats: kernel.stats, cores, processes: [...agents], syscalls };
}

type Process = PsReply['processes'][number];
type Syscall = PsReply['syscalls'][number];

/** How the rows of each table come; rows that are equal stay in the order in which the kernel lists them. */
interface Order {
  readonly cores: (a: CoreView, b: CoreView) => number;
  readonly processes: (a: Process, b: Process) => number;
  readonly syscalls: (a: Syscall, b: Syscall) => number;
}

const asListed = () => 0;

/** The order of age is that of the kernel: cores of the config, processes by pid, the oldest syscall first. */
const ORDERS = {
  age: { cores: asListed, processes: asListed, syscalls: asListed },
  cost: {
    cores: (a, b) => b.price.outputPerMTok - a.price.outputPerMTok,
    processes: (a, b) => b.costUsd - a.costUsd,
    syscalls: (a, b) => b.outputTokens - a.outputTokens,
  },
  load: {
    cores: (a, b) => b.running + b.queued - a.running - a.queued,
    processes: (a, b) => b.pending + b.running - a.pending - a.running,
    syscalls: (a, b) => Number(b.status === 'running') - Number(a.status === 'running'),
  },
  name: {
    cores: (a, b) => a.id.localeCompare(b.id),
    processes: (a, b) => a.name.localeCompare(b.name),
    syscalls: (a, b) => (a.core ?? '').localeCompare(b.core ?? ''),
  },
} as const satisfies Record<string, Order>;

export type OrderName = keyof typeof ORDERS;
export const ORDER_NAMES = Object.keys(ORDERS) as readonly OrderName[];

const KEYS = 'q quit, s sort, up down pgup pgdn home end scroll';

/** How far each key scrolls, in pages and lines. */
const MOVES: Readonly<Record<string, readonly [pages: number, lines: number]>> = {
  up: [0, -1],
  k: [0, -1],
  down: [0, 1],
  j: [0, 1],
  pageup: [-1, 0],
  pagedown: [1, 0],
  space: [1, 0],
  home: [Number.NEGATIVE_INFINITY, 0],
  g: [Number.NEGATIVE_INFINITY, 0],
  end: [Number.POSITIVE_INFINITY, 0],
  G: [Number.POSITIVE_INFINITY, 0],
};

/** What is seen of `TopData`: the order of the rows, and how far it was scrolled. */
export class TopView {
  #order: OrderName;
  /** Lines of the tables above the first one that is seen. */
  #above = 0;
  /** Lines of the tables that are seen. */
  #page = 1;

  constructor(order: OrderName) {
    this.#order = order;
  }

  /** @returns false for a key that does nothing here */
  press(key: string): boolean {
    const move = MOVES[key];
    if (move !== undefined) {
      const [pages, lines] = move;
      this.#above = Math.max(0, this.#above + (pages === 0 ? lines : pages * this.#page));
      return true;
    }
    if (key !== 's') return false;
    this.#order = ORDER_NAMES[(ORDER_NAMES.indexOf(this.#order) + 1) % ORDER_NAMES.length] ?? 'age';
    return true;
  }

  /** All of it. */
  whole(data: TopData): string {
    return [...summary(data.stats), '', ...this.#tables(data)].map((line) => `${line}\n`).join('');
  }

  /** As much as a screen takes: the summary, a part of the tables, and a line that says which part. */
  frame(data: TopData, { rows }: Size, hasKeys: boolean): readonly string[] {
    const head = [...summary(data.stats), ''];
    const tables = this.#tables(data);
    this.#page = Math.max(1, rows - head.length - 1);
    this.#above = Math.min(this.#above, Math.max(0, tables.length - this.#page));
    const seen = tables.slice(this.#above, this.#above + this.#page);
    const filled = [...head, ...seen, ...Array<string>(this.#page - seen.length).fill('')];
    const lines = `lines ${this.#above + 1} to ${this.#above + seen.length} of ${tables.length}, by ${this.#order}`;
    return [...filled.slice(0, rows - 1), hasKeys ? `${lines}; ${KEYS}` : lines];
  }

  #tables({ cores, processes, syscalls }: TopData): readonly string[] {
    const order: Order = ORDERS[this.#order];
    const tables = [
      renderCores(cores.toSorted(order.cores)),
      renderProcesses(processes.toSorted(order.processes)),
      renderSyscalls(syscalls.toSorted(order.syscalls)),
    ];
    return tables.join('\n').trimEnd().split('\n');
  }
}

function summary(stats: StatsReply): readonly string[] {
  const { policy, uptimeMs, agents, usage, waitingMs, turnaroundMs } = stats;
  const { pending, running, done, failed, cancelled, expired, rejected } = stats.syscalls;
  return [
    `${policy}, up ${seconds(uptimeMs)} s, ${agents} connected, ${dollars(usage.costUsd)} USD${targetOf(stats)}`,
    `${pending} pending, ${running} running, ${done} done, ${failed} failed, ${cancelled} cancelled, ` +
      `${expired} expired, ${rejected} rejected`,
    `waiting p50 ${seconds(waitingMs.p50)} p99 ${seconds(waitingMs.p99)} s, ` +
      `turnaround p50 ${seconds(turnaroundMs.p50)} p99 ${seconds(turnaroundMs.p99)} s`,
  ];
}

function targetOf({ outlook }: StatsReply): string {
  if (outlook?.alpha === undefined) return outlook?.outOfReach ? ', its target is out of reach' : '';
  const { alpha, predictedQuality, outOfReach } = outlook;
  const expected = predictedQuality === undefined ? '' : `, ${predictedQuality.toFixed(3)} expected`;
  return `, alpha ${alpha.toFixed(3)}${outOfReach ? ' out of reach' : ''}${expected}`;
}
