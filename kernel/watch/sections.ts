import { isFinal } from '../../syscalls/syscall.js';
import { type CallRow, type KernelView, type RowSection, WATCH_ROWS, type Watchable } from '../../syscalls/watch.js';
import type { Call } from '../call/call.js';
import type { CallTable } from '../call/call-table.js';
import type { Journal } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';
import type { Kernel } from '../kernel.js';
import type { PolicyGuard } from '../policy-guard.js';
import type { Principal } from '../process/principal.js';
import { type ProcessTable, sees } from '../process/process-table.js';
import { describeProcess } from '../ps.js';
import { CoreFigures } from './core-figures.js';
import { Costs } from './costs.js';
import { Decisions } from './decisions.js';
import type { Row } from './patch.js';
import type { ProcessFigures } from './process-figures.js';

export interface SectionsDeps {
  readonly clock: Clock;
  readonly kernel: Pick<Kernel, 'stats' | 'cores' | 'reports'>;
  readonly processes: ProcessTable;
  readonly table: CallTable;
  readonly policy: PolicyGuard;
  readonly events: KernelEvents;
  readonly listener: { readonly connections: number };
  readonly journal: Pick<Journal, 'figures'>;
}

/** Ages in milliseconds below which pending calls are counted together. */
const AGES = [1000, 5000, 30_000, 120_000] as const;

/** Makes each section of a view, as one principal may see it. */
export class Sections {
  readonly #deps: SectionsDeps;
  readonly #decisions: Decisions;
  readonly #costs: Costs;
  readonly #figures: CoreFigures;
  readonly #refused: Record<string, number> = {};

  constructor(deps: SectionsDeps) {
    const { clock, events } = deps;
    this.#deps = deps;
    this.#decisions = new Decisions();
    this.#costs = new Costs(clock);
    this.#figures = new CoreFigures(clock);
    for (const part of [this.#decisions, this.#costs, this.#figures]) part.listen(events);
    events.on('refused', ({ code }) => {
      this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    });
  }

  /** The rows of a section. */
  rows(section: RowSection, scope: Principal): readonly Row[] {
    switch (section) {
      case 'cores':
        return this.#deps.kernel.cores().map((core) => ({ ...core, ...this.#figures.read(core.id) }));
      case 'agents':
        return this.#agents(scope);
      case 'calls':
        return this.#calls(scope);
      case 'decisions':
        return this.#decisions.newest(ownerOf(scope), WATCH_ROWS.decisions, (id) =>
          this.#deps.policy.predictions(id).find(({ chosen }) => chosen),
        );
      case 'costs':
        return this.#costRows(scope);
    }
  }

  /** A section that is one object. */
  object(section: Exclude<Watchable, RowSection>, scope: Principal, process: ProcessFigures): object {
    const { kernel, listener, journal } = this.#deps;
    if (section === 'queues') return this.#queues(scope);
    const { connections } = listener;
    const figures = journal.figures?.();
    return { stats: kernel.stats(), connections, ...process.read(), ...(figures && { journal: figures }) };
  }

  #agents(scope: Principal): readonly Row[] {
    const { processes, table } = this.#deps;
    const visible = processes.visibleTo(scope).slice(0, WATCH_ROWS.agents);
    return visible.map((process) => describeProcess(process, table.of(process.pid)));
  }

  #calls(scope: Principal): readonly Row[] {
    const rows: CallRow[] = [];
    for (const call of this.#visible(scope)) {
      if (rows.length === WATCH_ROWS.calls) break;
      rows.push(...callRow(call));
    }
    return rows;
  }

  #queues(scope: Principal): NonNullable<KernelView['queues']> {
    const now = this.#deps.clock.now();
    const counts = { waiting: 0, scheduled: 0, suspended: 0, running: 0 };
    const ages = [...AGES.map(() => 0), 0];
    let oldestMs = 0;
    for (const { state } of this.#visible(scope)) {
      if (isFinal(state)) continue;
      counts[state.status]++;
      if (state.status === 'running') continue;
      const age = now - state.times.accepted;
      const bucket = AGES.findIndex((limit) => age < limit);
      ages[bucket === -1 ? AGES.length : bucket]!++;
      oldestMs = Math.max(oldestMs, age);
    }
    return { ...counts, ages, oldestMs: Math.round(oldestMs), refused: { ...this.#refused } };
  }

  #costRows(scope: Principal): readonly Row[] {
    const { processes, kernel } = this.#deps;
    const tokens = new Map(processes.visibleTo(scope).map((one) => [one.principal, one.scope]));
    return this.#costs.rows(ownerOf(scope)).map((row) => {
      const token = row.by === 'token' ? tokens.get(row.name) : undefined;
      const budgets = token === undefined ? [] : kernel.reports.budgets(token);
      return budgets.length === 0 ? row : { ...row, budgets };
    });
  }

  *#visible(scope: Principal): Generator<Call> {
    for (const call of this.#deps.table.all()) if (sees(scope, call.facts.caller)) yield call;
  }
}

/** The one token whose rows a principal sees; undefined: all. */
function ownerOf({ name, operator }: Principal): string | undefined {
  return operator ? undefined : name;
}

/** Nothing once it has ended. */
function callRow({ id, facts, state, outputTokens }: Call): CallRow[] {
  if (isFinal(state)) return [];
  const { task } = facts.params;
  const { status, times } = state;
  return [
    {
      syscallId: id,
      pid: facts.caller.pid,
      agent: facts.agent,
      ...(task === undefined ? {} : { task }),
      status,
      ...('core' in state ? { core: state.core, reason: state.reason } : {}),
      acceptedAt: times.accepted,
      outputTokens,
    },
  ];
}
