import type { BudgetView } from '../syscalls/budget.js';
import type { CoreView } from '../syscalls/cores.js';
import { SyscallError } from '../syscalls/errors.js';
import type { HelloParams, HelloReply } from '../syscalls/hello.js';
import type { ChatParams, ChatReply } from '../syscalls/llm-chat.js';
import { onAbort } from '../syscalls/on-abort.js';
import { PS_PROCESS_LIMIT, PS_SYSCALL_LIMIT, type PsParams, type PsReply } from '../syscalls/ps.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis, Pid, SyscallId } from '../syscalls/syscall.js';
import type { Params } from '../syscalls/table.js';
import type { Admission } from './call/admission.js';
import type { Call } from './call/call.js';
import type { CallTable } from './call/call-table.js';
import { fingerprintOf } from './call/fingerprint.js';
import type { Journal, JournalEntry, StoredCall } from './call/journal.js';
import type { KeyedCalls } from './call/keyed-calls.js';
import type { CallSink } from './call-sink.js';
import type { Capacity } from './capacity/capacity.js';
import type { CoreTable } from './capacity/core-table.js';
import type { Clock } from './clock.js';
import type { KernelConfig } from './config/config.js';
import type { KernelLimits } from './config/limits.js';
import type { SchedulerLoop } from './dispatch/loop.js';
import type { KernelEvents } from './events.js';
import type { LearntKeeper } from './learnt-keeper.js';
import type { Metrics } from './metrics.js';
import type { PolicyGuard } from './policy-guard.js';
import { budgetViews } from './process/budget.js';
import type { Caller } from './process/caller.js';
import type { Principal } from './process/principal.js';
import { type Process, type ProcessTable, sees } from './process/process-table.js';
import { describeCall, describeProcess } from './ps.js';
import type { RatingLimit } from './rating-limit.js';
import { loadTokenizer } from './tokens.js';

/** One for all: taking down the stack is half the work of a cancel, and says nothing here. */
const CANCELLED = new SyscallError('cancelled', 'Cancelled by the agent');

/** A crash costs what was learnt in so long. */
const SAVE_MS: Millis = 60_000;

/** Who is refused because the journal cannot be written should try again after so long. */
const STORAGE_RETRY_MS: Millis = 1000;

const SWITCHED_OFF = new SyscallError(
  'no-eligible-core',
  'The cap of every core that could serve this call was set to 0',
);

/** The kernel's parts, wired in the composition root. */
export interface KernelParts {
  readonly clock: Clock;
  readonly policy: PolicyGuard;
  readonly events: KernelEvents;
  readonly metrics: Metrics;
  readonly processes: ProcessTable;
  readonly journal: Journal;
  readonly table: CallTable;
  readonly keyed: KeyedCalls;
  readonly cores: CoreTable;
  readonly capacity: Capacity;
  readonly admission: Admission;
  readonly ratings: RatingLimit;
  readonly loop: SchedulerLoop;
  readonly learnt: LearntKeeper;
  readonly settings: Settings;
}

/** The part of the config that a reload may change while the kernel runs. */
export interface Settings {
  limits: KernelLimits;
}

/** What becomes of the open calls of a process that goes, see `Gate.leave`. */
export type Leaving = 'cancel' | 'lose' | 'keep';

/** What every syscall does, from any caller and through any door. */
export class Kernel {
  readonly events: KernelEvents;
  readonly #parts: KernelParts;
  readonly #bootedAt: Millis;
  #stopped: Promise<void> | undefined;
  /** Keeps the next save of what the policy has learnt from taking place. */
  #cancelSave: (() => void) | undefined;

  constructor(parts: KernelParts) {
    this.#parts = parts;
    this.events = parts.events;
    this.#bootedAt = parts.clock.now();
  }

  /** To be awaited before the first connection. @throws what the policy and the journal throw when they read their files */
  async ready(): Promise<void> {
    const { loop, journal, clock, processes, capacity, learnt } = this.#parts;
    loadTokenizer();
    const left = await journal.restore?.(clock.now());
    await loop.ready();
    await learnt.begin();
    if (left === undefined) return;
    processes.beginAt(left.firstPid, clock.now());
    capacity.restore?.(left);
    for (const call of left.open) this.#revive(call);
  }

  spawn(hello: HelloParams, principal: Principal, onEnd: Process['onEnd']): { process: Process; reply: HelloReply } {
    const { processes, policy, clock, settings } = this.#parts;
    const at = clock.now();
    const process = processes.spawn(hello, principal, onEnd, at);
    this.events.emit('entered', { at, agent: process });
    const { pid, parent, tenant } = process;
    const { pendingPerAgent, pendingTotal, requestsPerSecond } = settings.limits;
    const { maxMessageBytes, maxMessageDepth, maxMessageValues, maxBatchRequests } = settings.limits;
    const limits = {
      pendingPerAgent,
      pendingTotal,
      requestsPerSecond,
      maxMessageBytes,
      maxMessageDepth,
      maxMessageValues,
      maxBatchRequests,
    };
    const above = parent === undefined ? {} : { parent: parent.pid };
    return { process, reply: { pid, ...above, tenant, policy: policy.name, cores: this.cores(), limits } };
  }

  /** @throws SyscallError `disconnected` for a process that has ended, `draining` where it has ended with the kernel */
  processOf(caller: Caller): Process {
    const { processes } = this.#parts;
    if (this.#stopped !== undefined && processes.get(caller.pid) === undefined) throw shutDown();
    return processes.live(caller);
  }

  /**
   * Has a call answered.
   *
   * @param signal cancels the call
   * @throws SyscallError when the call is refused, or ends without an answer
   */
  async chat(
    process: Process,
    params: ChatParams,
    { signal, sink }: { readonly signal?: AbortSignal | undefined; readonly sink?: CallSink | undefined },
  ): Promise<ChatReply> {
    if (params.idempotencyKey !== undefined) {
      const fingerprint = fingerprintOf(params);
      const asking = { pid: process.pid, owner: process.principal, params, fingerprint, sink, signal };
      return this.#parts.keyed.answer(asking, () => this.#begin(process, params, undefined, fingerprint));
    }
    const call = this.#begin(process, params, sink);
    const abort = () => this.#parts.table.cancel(call, CANCELLED);
    const stopListening = signal && onAbort(signal, abort);
    if (signal?.aborted) abort();
    const state = await call.final;
    stopListening?.();
    if (state.status !== 'done') throw state.error;
    return state.reply;
  }

  /** Takes a call in, and gives it to the loop once it is written down. @throws SyscallError when it is refused */
  #begin(process: Process, params: ChatParams, sink: CallSink | undefined, fingerprint?: string): Call {
    const call = this.#parts.admission.accept(process, params, sink, fingerprint);
    const writing = this.#write(call);
    if (writing === undefined) this.#accepted(call);
    else void writing.then(() => this.#accepted(call));
    return call;
  }

  #accepted(call: Call): void {
    // It may have ended while it was written down.
    if (call.isFinal) return;
    call.accept();
    this.#parts.loop.submit(call);
  }

  /** Goes on with a call that an earlier kernel has left. Who asked can come back for it by its key. */
  #revive(stored: StoredCall): void {
    const { admission, keyed, loop, clock } = this.#parts;
    const { key, fingerprint, expiresAt, params, attempts, caller } = stored;
    try {
      if (expiresAt !== undefined && expiresAt <= clock.now()) {
        throw new SyscallError('expired', `The deadline of ${params.deadlineMs} ms has passed`);
      }
      if (key === undefined)
        throw new SyscallError('disconnected', 'The kernel was started again, and the call has no key');
      if (params.retry === 'never' && attempts > 0) {
        throw new SyscallError('interrupted', 'The kernel was started again while a core was asked; retry: never');
      }
      const call = admission.restore(stored);
      keyed.adopt(call, caller.principal, key, fingerprint ?? '');
      call.accept();
      loop.submit(call);
    } catch (error) {
      this.#endStored(stored, SyscallError.from(error));
    }
  }

  #endStored({ id }: StoredCall, error: SyscallError): void {
    const { journal, clock } = this.#parts;
    const status = error.code === 'expired' ? 'expired' : 'failed';
    const used = { core: undefined, inputTokens: 0, outputTokens: 0, costUsd: 0 };
    void journal.append({ type: 'ended', id, at: clock.now(), status, ...used, end: error.toRpc() });
  }

  /** @returns false when it had ended already @throws SyscallError `not-found` for a syscall of someone else */
  cancel(process: Process, id: SyscallId): boolean {
    const { table } = this.#parts;
    const call = table.get(id);
    if (call !== undefined && sees(process.scope, call.facts.caller)) return table.cancel(call, CANCELLED);
    if (call === undefined && table.hasEnded(id, process.scope)) return false;
    throw new SyscallError('not-found', `params.syscallId: expected a syscall of yours, got "${id}"`);
  }

  /** Ends a process and all that descend from it. @returns their pids */
  kill(pid: Pid, principal: Principal): Pid[] {
    const tree = this.#parts.processes.subtree(pid, principal);
    for (const process of tree) {
      this.#end(process, new SyscallError('cancelled', `Process ${pid} was killed`));
      process.onEnd('killed');
    }
    return tree.map((process) => process.pid);
  }

  /** A process leaves. Its children live on; its open calls end, or go on without anybody who follows them. Idempotent. */
  leave(caller: Caller, open: Leaving): void {
    const { processes, table, keyed } = this.#parts;
    const process = processes.get(caller.pid);
    if (process === undefined) return;
    this.#remove(process, open === 'lose');
    const error = new SyscallError('disconnected', 'The connection was closed before the answer');
    keyed.leave(process.pid, error);
    for (const call of [...table.of(process.pid)]) {
      const hasKey = call.facts.params.idempotencyKey !== undefined;
      if (open === 'cancel' || (open === 'lose' && !hasKey)) table.cancel(call, error);
      else if (!hasKey) call.sink = undefined;
    }
  }

  /**
   * @throws SyscallError `not-found` for an id that is no answer of theirs, `forbidden` for a rater that they are not,
   * `invalid-params` for one that was rated before, `rate-limited`
   */
  async feedback(process: Process, { syscallId: id, quality, by: as }: Params<'syscall.feedback'>): Promise<void> {
    const { table, policy, journal, clock, ratings } = this.#parts;
    ratings.take(process.tenant, clock.now());
    if (!table.remembers(id)) await this.#recall(id);
    const { call, by } = table.rate(id, process.scope, as);
    policy.feedback(call, quality, by);
    this.#saveSoon();
    this.events.emit('feedback', { call, quality, by });
    await journal.append({ type: 'rated', id, at: clock.now(), quality });
  }

  /** A timer only where something is new: an idle kernel does nothing. */
  #saveSoon(): void {
    const { clock, policy } = this.#parts;
    this.#cancelSave ??= clock.after(SAVE_MS, () => {
      this.#cancelSave = undefined;
      void policy.save();
    });
  }

  /** Has memory know a call again that only the journal does. */
  async #recall(id: SyscallId): Promise<void> {
    const { journal, table } = this.#parts;
    const found = await journal.find?.({ id });
    // Somebody may have asked for it meanwhile.
    if (found?.ended !== undefined && !table.remembers(id)) table.recall(found.call, found.ended);
  }

  cores(): CoreView[] {
    return this.#parts.cores.views();
  }

  /** Why no call could be served now; empty: one could. */
  unready(): readonly string[] {
    const draining = this.#stopped === undefined ? [] : ['draining'];
    const isUp = this.cores().some(({ state, cap }) => state === 'up' && cap > 0);
    return isUp ? draining : [...draining, 'no core is up'];
  }

  /** @throws SyscallError `not-found` for an explanation of a syscall that ended long ago or is someone else's */
  ps(process: Process, { after = 0, explain }: PsParams): PsReply {
    const { processes, table, keyed, clock } = this.#parts;
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
    const { processes, table } = this.#parts;
    const strays: Call[] = [];
    for (const call of table.strays((pid) => processes.get(pid) !== undefined)) {
      if (strays.length === PS_SYSCALL_LIMIT) break;
      if (sees(scope, call.facts.caller)) strays.push(call);
    }
    return strays;
  }

  #explain({ scope }: Process, id: SyscallId): readonly string[] {
    const { table, policy } = this.#parts;
    const call = table.get(id);
    const isKnown = call === undefined ? table.hasEnded(id, scope) : sees(scope, call.facts.caller);
    if (isKnown) return [...policy.explain(id), ...this.#troubles(call)];
    throw new SyscallError('not-found', `params.explain: expected a syscall of yours, open or just ended, got "${id}"`);
  }

  /** What keeps an open call off its cores, beside the policy. */
  #troubles(call: Call | undefined): readonly string[] {
    const { cores, clock } = this.#parts;
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
    const { capacity, clock } = this.#parts;
    return budgetViews(principal, (per) => capacity.spentUsd(principal.name, per), clock.now());
  }

  /** @param principal sees the sums of its own calls, unless it is an operator. @default an operator */
  stats(principal?: Principal): StatsReply {
    const { policy, metrics, processes, table, clock } = this.#parts;
    const isWhole = principal === undefined || principal.operator;
    const sums = isWhole ? metrics.all : metrics.of(principal.name);
    const open = isWhole ? table.count : table.countOf(principal.name);
    const budgets = principal === undefined ? [] : this.budgets(principal);
    const running = isWhole
      ? this.cores().reduce((sum, core) => sum + core.running, 0)
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

  /** Takes over caps and limits; everything else of a config needs a new boot. A pending call whose cores all got cap 0 fails. */
  reload({ limits, cores }: Pick<KernelConfig, 'limits' | 'cores'>): void {
    const { settings, table } = this.#parts;
    settings.limits = limits;
    this.#parts.cores.reload(cores);
    for (const call of [...table.all()]) {
      const isServed = call.view.eligible.some((id) => this.#parts.cores.isUsable(id));
      if (call.state.status !== 'running' && !isServed) table.fail(call, SWITCHED_OFF);
    }
  }

  /**
   * Shuts down: new calls are refused, running ones get `drainMs` to end, all others are handed back as `draining`,
   * which agents may retry elsewhere. Then every process is ended. Idempotent.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #drain(): Promise<void> {
    const { admission, table, clock, processes, settings, cores, policy, journal, learnt } = this.#parts;
    admission.close();
    const handBack = (calls: Iterable<Call>) => {
      const error = shutDown();
      for (const call of calls) table.handBack(call, error);
    };
    handBack([...table.all()].filter(({ state }) => state.status !== 'running'));
    const cancelTimer = clock.after(settings.limits.drainMs, () => handBack([...table.all()]));
    await table.empty();
    cancelTimer();
    for (const process of processes.all()) {
      this.#remove(process);
      process.onEnd('draining');
    }
    this.#cancelSave?.();
    await cores.close();
    await learnt.end();
    await policy.close();
    await journal.close();
  }

  /** Writes down that a call was accepted. A call that cannot be written is refused. */
  #write(call: Call): Promise<void> | undefined {
    const { journal, table } = this.#parts;
    const { id, state } = call;
    const refuse = (cause: unknown) => {
      table.refuse(
        call,
        new SyscallError('busy', 'storage: the journal did not take the call', {
          cause,
          retryAfterMs: STORAGE_RETRY_MS,
        }),
      );
    };
    const entry: JournalEntry = {
      type: 'accepted',
      id,
      at: state.times.accepted,
      // Made only where it is read.
      get call() {
        return call.stored;
      },
    };
    return journal.append(entry)?.catch(refuse);
  }

  /** @param isLost whether it may come back */
  #remove(process: Process, isLost = false): void {
    const { processes, clock } = this.#parts;
    const at = clock.now();
    // While it has its parent still.
    if (processes.get(process.pid) === process) this.events.emit('left', { at, agent: process });
    if (isLost) processes.lose(process, at);
    else processes.remove(process);
  }

  #end(process: Process, error: SyscallError): void {
    const { table, keyed } = this.#parts;
    this.#remove(process);
    for (const call of [...table.of(process.pid)]) table.cancel(call, error);
    keyed.leave(process.pid, error);
  }
}

function shutDown(): SyscallError {
  return new SyscallError('draining', 'The kernel shut down before the answer');
}
