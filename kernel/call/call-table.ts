import type { FinishedCall } from '../../schedulers/policy.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { SyscallEvent, SyscallId, SyscallState } from '../../syscalls/syscall.js';
import { isFinal } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import type { PolicyGuard } from '../dispatch/policy-guard.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import type { Principal } from '../process/principal.js';
import type { Call } from './call.js';
import { Deadlines } from './deadlines.js';
import { FinishedCalls } from './finished-calls.js';

/** An event that ends a syscall. */
type EndEvent = Extract<SyscallEvent, { type: 'complete' | 'fail' | 'cancel' | 'expire' }>;

/** All open syscalls, and the only way in which one of them ends. */
export class SyscallTable {
  readonly #clock: Clock;
  readonly #policy: PolicyGuard;
  readonly #metrics: Metrics;
  readonly #events: KernelEvents;
  readonly #open = new Map<SyscallId, Call>();
  readonly #deadlines: Deadlines;
  readonly #finished: FinishedCalls;
  #size = 0;
  #onEmpty: (() => void) | undefined;

  constructor(deps: {
    readonly clock: Clock;
    readonly policy: PolicyGuard;
    readonly metrics: Metrics;
    readonly events: KernelEvents;
    readonly limits: () => KernelLimits;
  }) {
    this.#clock = deps.clock;
    this.#policy = deps.policy;
    this.#metrics = deps.metrics;
    this.#events = deps.events;
    this.#deadlines = new Deadlines(deps.clock, (call) => this.#expire(call));
    this.#finished = new FinishedCalls(() => {
      const { finishedCalls, pendingBytes } = deps.limits();
      return { ...finishedCalls, size: pendingBytes };
    });
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Characters that the open ones keep in memory. */
  get size(): number {
    return this.#size;
  }

  all(): Iterable<Call> {
    return this.#open.values();
  }

  get(id: SyscallId): Call | undefined {
    return this.#open.get(id);
  }

  add(call: Call): void {
    const { process, size } = call.facts;
    this.#open.set(call.id, call);
    this.#size += size;
    process.open.add(call);
    process.account.open++;
    this.#deadlines.add(call);
    this.#metrics.counts.accepted++;
    this.#events.emit('accepted', { syscallId: call.id, pid: process.pid });
  }

  /** Ends a syscall. False: it had ended before, and nothing changes. */
  finish(call: Call, event: EndEvent): boolean {
    if (call.isFinal) return false;
    // Before the state changes: the holder may need to know where the call is.
    call.holder?.letGo(call);
    call.holder = undefined;
    call.facts.stream?.end(event.type === 'complete');
    call.apply(event);
    const { process, size } = call.facts;
    this.#open.delete(call.id);
    this.#size -= size;
    process.open.delete(call);
    process.account.open--;
    process.finished++;
    this.#deadlines.remove(call);
    this.#record(call, call.state);
    if (this.#open.size === 0) this.#onEmpty?.();
    return true;
  }

  cancel(call: Call, error: SyscallError): boolean {
    return this.finish(call, { type: 'cancel', at: this.#clock.now(), error });
  }

  fail(call: Call, error: SyscallError): boolean {
    return this.finish(call, { type: 'fail', at: this.#clock.now(), error });
  }

  /** Whether a syscall that this principal may name has ended, not long ago. */
  hasEnded(id: SyscallId, principal: Principal): boolean {
    return this.#ended(id, principal) !== undefined;
  }

  /**
   * An answer that is to be judged now, which it is once: else whoever repeats a judgement could teach the policy anything.
   *
   * @throws SyscallError `not-found` for what was not answered or is someone else's, `invalid-params` for what was judged
   */
  judge(id: SyscallId, principal: Principal): FinishedCall {
    const entry = this.#ended(id, principal);
    if (entry?.call === undefined) {
      throw new SyscallError('not-found', `params.syscallId: expected an answered syscall of yours, got "${id}"`);
    }
    if (entry.judged) {
      throw new SyscallError('invalid-params', `params.syscallId: expected a syscall not judged before, got "${id}"`);
    }
    entry.judged = true;
    return entry.call;
  }

  /** Settles when nothing is open any more. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  #ended(id: SyscallId, { name, operator }: Principal) {
    return this.#finished.find(id, operator ? undefined : name, this.#clock.now());
  }

  #expire(call: Call): void {
    const error = new SyscallError('expired', `The deadline of ${call.facts.params.deadlineMs} ms has passed`);
    this.finish(call, { type: 'expire', at: this.#clock.now(), error });
  }

  #record(call: Call, state: SyscallState): void {
    if (!isFinal(state)) return;
    const { process, size, params } = call.facts;
    this.#metrics.ended(state, call.spent());
    const { costUsd } = call.spent();
    process.costUsd += costUsd;
    process.account.costUsd += costUsd;
    let answered: FinishedCall | undefined;
    if (state.status === 'done') {
      const { core, usage } = state.reply;
      const { inputTokens, outputTokens } = usage;
      const { tenant } = process;
      answered = {
        ...{ id: call.id, tenant, core, inputTokens, outputTokens, costUsd, params },
        ...timesOf(state.reply),
      };
    }
    const owner = process.principal.name;
    this.#finished.add(call.id, {
      call: answered,
      owner,
      size: answered === undefined ? 0 : size,
      at: this.#clock.now(),
    });
    this.#policy.release(call.id, answered);
    this.#events.emit('final', { syscallId: call.id, pid: process.pid, state });
  }
}

/** How long the core took, where the times are those of one request. */
function timesOf({ times, attempts, preemptions }: ChatReply): Pick<FinishedCall, 'times'> {
  const { started, firstToken, ended } = times;
  if (firstToken === undefined || attempts > 1 || preemptions > 0) return {};
  return { times: { ttftMs: firstToken - started, restMs: ended - firstToken } };
}
