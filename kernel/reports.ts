import type { BudgetView } from '../syscalls/budget.js';
import { SyscallError } from '../syscalls/errors.js';
import { PS_PROCESS_LIMIT, PS_SYSCALL_LIMIT, type PsParams, type PsReply } from '../syscalls/ps.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis, SyscallId } from '../syscalls/syscall.js';
import type { Call } from './call/call.js';
import type { CallTable } from './call/call-table.js';
import type { KeyedCalls } from './call/keyed-calls.js';
import type { Capacity } from './capacity/capacity.js';
import type { CoreTable } from './capacity/core-table.js';
import type { Clock } from './clock.js';
import type { Metrics } from './metrics.js';
import type { PolicyGuard } from './policy-guard.js';
import { budgetViews } from './process/budget.js';
import type { Principal } from './process/principal.js';
import { type Process, type ProcessTable, sees } from './process/process-table.js';
import { describeCall, describeProcess } from './ps.js';

export interface ReportsDeps {
  readonly clock: Clock;
  readonly policy: PolicyGuard;
  readonly metrics: Metrics;
  readonly processes: ProcessTable;
  readonly table: CallTable;
  readonly keyed: KeyedCalls;
  readonly cores: CoreTable;
  readonly capacity: Capacity;
}

/** What the kernel says of itself, as each principal may see it. */
export class Reports {
  readonly #deps: ReportsDeps;
  readonly #bootedAt: Millis;

  constructor(deps: ReportsDeps) {
    this.#deps = deps;
    this.#bootedAt = deps.clock.now();
  }

  /** @throws SyscallError `not-found` for an explanation of a syscall that ended long ago or is someone else's */
  ps(process: Process, { after = 0, explain }: PsParams): PsReply {
    const { processes, table, keyed, clock } = this.#deps;
    const { page: visible, next } = processes.pageFor(process.scope, after, PS_PROCESS_LIMIT);
    const now = clock.now();
    const own = visible.flatMap(({ pid }) => [...table.of(pid)].slice(0, PS_SYSCALL_LIMIT));
    const calls = [...own, ...(after === 0 ? this.#strays(process) : [])].sort((a, b) => a.facts.seq - b.facts.seq);
    return {
      processes: visible.map((process) => describeProcess(process, table.of(process.pid))),
      syscalls: calls.slice(0, PS_SYSCALL_LIMIT).flatMap((call) => describeCall(call, now, keyed.endOf(call))),
      ...(next === undefined ? {} : { next }),
      ...(explain === undefined ? {} : { explanation: [...this.#explain(process, explain)] }),
    };
  }

  /** Open calls that a process may see, and whose own process is gone: another one may follow them, or none does. */
  #strays({ scope }: Process): readonly Call[] {
    const { processes, table } = this.#deps;
    const strays: Call[] = [];
    for (const call of table.strays((pid) => processes.get(pid) !== undefined)) {
      if (strays.length === PS_SYSCALL_LIMIT) break;
      if (sees(scope, call.facts.caller)) strays.push(call);
    }
    return strays;
  }

  #explain({ scope }: Process, id: SyscallId): readonly string[] {
    const { table, policy } = this.#deps;
    const call = table.get(id);
    const isKnown = call === undefined ? table.hasEnded(id, scope) : sees(scope, call.facts.caller);
    if (isKnown) return [...policy.explain(id), ...this.#troubles(call)];
    throw new SyscallError('not-found', `params.explain: expected a syscall of yours, open or just ended, got "${id}"`);
  }

  /** What keeps an open call off its cores, beside the policy. */
  #troubles(call: Call | undefined): readonly string[] {
    const { cores, clock } = this.#deps;
    return (call?.open ?? []).flatMap((id) => {
      const { closedUntil, lastFault } = cores.get(id)?.view() ?? {};
      const seconds = closedUntil === undefined ? 0 : Math.ceil((closedUntil - clock.now()) / 1000);
      const closed = seconds > 0 ? [`closed for ${seconds} s`] : [];
      const fault = lastFault === undefined ? [] : [`its last fault was ${lastFault.class}: ${lastFault.message}`];
      const parts = [...closed, ...fault];
      return parts.length === 0 ? [] : [`core ${id}: ${parts.join('; ')}`];
    });
  }

  /** The budgets of a token; empty where nothing bounds what it spends. */
  budgets(principal: Principal): BudgetView[] {
    const { capacity, clock } = this.#deps;
    return budgetViews(principal, (per) => capacity.spentUsd(principal.name, per), clock.now());
  }

  /** @param principal sees the sums of its own calls, unless it is an operator. @default an operator */
  stats(principal?: Principal): StatsReply {
    const { policy, metrics, processes, table, cores, clock } = this.#deps;
    const isWhole = principal === undefined || principal.operator;
    const sums = isWhole ? metrics.all : metrics.of(principal.name);
    const open = isWhole ? table.count : table.countOf(principal.name);
    const budgets = principal === undefined ? [] : this.budgets(principal);
    const running = isWhole
      ? cores.views().reduce((sum, core) => sum + core.running, 0)
      : table.runningOf(principal.name);
    return {
      policy: policy.name,
      uptimeMs: clock.now() - this.#bootedAt,
      agents: isWhole ? processes.size : processes.countOf(principal.name),
      syscalls: { ...sums.counts, pending: Math.max(0, open - running), running },
      ...sums.report(),
      scheduler: metrics.schedulerReport(),
      ...(budgets.length === 0 ? {} : { budgets }),
      // What the policy aims at is about the calls of all.
      ...(isWhole ? policy.outlook() : {}),
    };
  }
}
