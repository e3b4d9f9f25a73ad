import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { SyscallError } from '../../syscalls/errors.js';
import { type FinalState, isFinal, type Pid, type SyscallEvent, type SyscallId } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Held } from '../process/held.js';
import type { Principal } from '../process/principal.js';
import type { ProcessTable } from '../process/process-table.js';
import { finishedCall } from './answer-of.js';
import type { Call } from './call.js';
import { Deadlines } from './deadlines.js';
import type { FinishedCalls } from './finished-calls.js';
import type { Journal } from './journal.js';

/** Where an end holds, see `finish`. */
type Where = 'everywhere' | 'here' | 'at once';
/** An event that ends a syscall. */
type EndEvent = Extract<SyscallEvent, { type: 'complete' | 'fail' | 'cancel' | 'expire' }>;

interface CallTableDeps {
  readonly clock: Clock;
  readonly policy: Required<Pick<SchedulerPolicy, 'release'>>;
  readonly processes: ProcessTable;
  readonly held: Held;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly events: KernelEvents;
  readonly log: Logger;
  readonly finished: FinishedCalls;
}

const NO_CALLS: ReadonlySet<Call> = new Set();

/** All open syscalls, and the only way in which one of them ends. */
export class CallTable {
  readonly #deps: CallTableDeps;
  readonly #open = new Map<SyscallId, Call>();
  readonly #byPid = new Map<Pid, Set<Call>>();
  readonly #openByPrincipal = new Map<string, number>();
  readonly #deadlines: Deadlines;
  #onEmpty: (() => void) | undefined;

  constructor(deps: CallTableDeps) {
    this.#deps = deps;
    this.#deadlines = new Deadlines(deps.clock, (call) => this.#expire(call));
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  all(): Iterable<Call> {
    return this.#open.values();
  }

  get(id: SyscallId): Call | undefined {
    return this.#open.get(id);
  }

  /** The open ones of a process, oldest first. */
  of(pid: Pid): ReadonlySet<Call> {
    return this.#byPid.get(pid) ?? NO_CALLS;
  }

  /** The open ones of processes that are gone. */
  *strays(isLive: (pid: Pid) => boolean): Generator<Call> {
    for (const [pid, calls] of this.#byPid) if (!isLive(pid)) yield* calls;
  }

  /** How many all processes of a token have open. */
  countOf(principal: string): number {
    return this.#openByPrincipal.get(principal) ?? 0;
  }

  /** How many of them a core answers now. */
  runningOf(principal: string): number {
    let running = 0;
    for (const { facts, state } of this.#open.values()) {
      if (state.status === 'running' && facts.caller.principal === principal) running++;
    }
    return running;
  }

  add(call: Call): void {
    const { caller, size } = call.facts;
    const { pid, principal } = caller;
    this.#open.set(call.id, call);
    call.held = this.#deps.held;
    this.#deps.held.add(principal, size);
    const siblings = this.#byPid.get(pid);
    if (siblings === undefined) this.#byPid.set(pid, new Set([call]));
    else siblings.add(call);
    this.#openByPrincipal.set(principal, this.countOf(principal) + 1);
    this.#deadlines.add(call);
    this.#deps.metrics.count(principal, ({ counts }) => counts.accepted++);
    this.#deps.events.emit('accepted', { call, messages: call.facts.params.messages });
  }

  /**
   * Ends a syscall. False: it had ended before, and nothing changes.
   *
   * @param where `here`: only in this kernel; the journal keeps it open for the next one, if it holds it. `at once`: the reply does not
   * wait for the journal
   */
  finish(call: Call, event: EndEvent, where: Where = 'everywhere'): boolean {
    if (call.isFinal) return false;
    // Before the state changes: the holder may need to know where the call is.
    call.holder?.letGo(call);
    call.holder = undefined;
    call.apply(event);
    this.#remove(call);
    if (isFinal(call.state)) this.#record(call, call.state, where);
    if (this.#open.size === 0) this.#onEmpty?.();
    return true;
  }

  cancel(call: Call, error: SyscallError): boolean {
    return this.finish(call, { type: 'cancel', at: this.#deps.clock.now(), error });
  }

  /** Ends it in this kernel; the next one goes on with it, if the journal can tell it. */
  handBack(call: Call, error: SyscallError): boolean {
    const { journal, clock } = this.#deps;
    const lasts = journal.restore !== undefined && call.facts.params.idempotencyKey !== undefined;
    return this.finish(call, { type: 'cancel', at: clock.now(), error }, lasts ? 'here' : 'everywhere');
  }

  /**
   * Ends a call that the journal did not take: nor would it take the end, for which the reply would wait.
   *
   * @param mayBeWritten whether the journal may hold the call all the same
   */
  refuse(call: Call, error: SyscallError, mayBeWritten: boolean): boolean {
    const event = { type: 'fail', at: this.#deps.clock.now(), error } as const;
    return this.finish(call, event, mayBeWritten ? 'at once' : 'here');
  }

  fail(call: Call, error: SyscallError): boolean {
    return this.finish(call, { type: 'fail', at: this.#deps.clock.now(), error });
  }

  /** Whether a syscall that this principal may name has ended, not long ago. */
  hasEnded(id: SyscallId, principal: Principal): boolean {
    const { finished, clock } = this.#deps;
    return finished.find(id, principal.operator ? undefined : principal.name, clock.now()) !== undefined;
  }

  /** Settles when nothing is open any more. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  #expire(call: Call): void {
    const error = new SyscallError('expired', `The deadline of ${call.facts.params.deadlineMs} ms has passed`);
    this.finish(call, { type: 'expire', at: this.#deps.clock.now(), error });
  }

  #remove(call: Call): void {
    const { caller, size } = call.facts;
    const { pid, principal } = caller;
    this.#open.delete(call.id);
    call.held = undefined;
    this.#deps.held.add(principal, -size - call.text.length);
    const siblings = this.#byPid.get(pid);
    siblings?.delete(call);
    if (siblings?.size === 0) this.#byPid.delete(pid);
    const open = this.countOf(principal) - 1;
    if (open > 0) this.#openByPrincipal.set(principal, open);
    else this.#openByPrincipal.delete(principal);
    this.#deadlines.remove(call);
  }

  #record(call: Call, state: FinalState, where: Where): void {
    const { processes, metrics, policy, events, clock, finished } = this.#deps;
    const { caller, size } = call.facts;
    const { spent } = call;
    metrics.count(caller.principal, (sums) => sums.ended(state, spent));
    const process = processes.get(caller.pid);
    if (process !== undefined) {
      process.finished++;
      process.costUsd += spent.costUsd;
    }
    const answered = state.status === 'done' ? finishedCall(call, state.reply) : undefined;
    const kept = answered === undefined ? 0 : size;
    finished.add(call.id, {
      call: answered,
      owner: caller.principal,
      size: kept,
      at: clock.now(),
      rated: undefined,
    });
    policy.release(call.id, answered);
    events.emit('final', { call, state });
    if (where !== 'everywhere') call.settle(state);
    if (where !== 'here') this.#write(call, state);
  }

  /** The reply goes out when the end is written down. */
  #write(call: Call, state: FinalState): void {
    const { journal, clock, log } = this.#deps;
    const end = state.status === 'done' ? state.reply : state.error.toRpc();
    const { inputTokens, outputTokens, costUsd } = call.spent;
    const core = state.status === 'done' ? state.reply.core : state.error.details.core;
    const { status } = state;
    const used = { core, inputTokens, outputTokens, costUsd };
    const whose = { owner: call.facts.caller.principal, key: call.facts.params.idempotencyKey };
    const writing = journal.append({ type: 'ended', id: call.id, ...whose, at: clock.now(), status, ...used, end });
    if (writing === undefined) {
      call.settle(state);
      return;
    }
    const failed = (error: unknown) =>
      log.error({ err: error, syscallId: call.id }, 'the journal did not take the end of a call');
    writing.catch(failed).finally(() => call.settle(state));
  }
}
