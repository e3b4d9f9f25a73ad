import type { BudgetPeriod } from '../../syscalls/budget.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { CallTable } from '../call/call-table.js';
import type { Capacity } from '../capacity/capacity.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { CoreTable } from '../capacity/core-table.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import type { PolicyGuard } from '../policy-guard.js';
import { budgetSpent } from '../process/budget.js';
import { Arrivals } from './arrivals.js';
import { BudgetQueue } from './budget-queue.js';
import { PendingSet } from './pending.js';
import { type Placement, Placer } from './placer.js';
import type { Backlog, Runner } from './runner.js';
import { TickPacer } from './tick-pacer.js';

interface LoopDeps {
  readonly clock: Clock;
  /** Real milliseconds from any moment on, to measure the policy; not the kernel's time. */
  readonly stopwatch: () => Millis;
  readonly policy: PolicyGuard;
  readonly cores: CoreTable;
  readonly capacity: Capacity;
  readonly runner: Runner;
  readonly table: CallTable;
  readonly metrics: Metrics;
  readonly events: KernelEvents;
}

/** Takes pending calls to the cores: a snapshot goes to the policy, and what it decides into the cores' queues. */
export class SchedulerLoop implements Backlog {
  readonly #deps: LoopDeps;
  readonly #arrivals = new Arrivals();
  readonly #pending = new PendingSet((call) => this.#forget(call));
  readonly #placer: Placer;
  readonly #waiting = new BudgetQueue();
  readonly #pacer: TickPacer;
  #preparing = false;
  #turnDue = false;
  #tickWanted = false;

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    const { cores, metrics, events } = deps;
    this.#placer = new Placer({
      ...{ pending: this.#pending, cores, metrics, events },
      run: (placement) => this.#run(placement),
    });
    this.#pacer = new TickPacer(deps.clock, deps.policy.tickMs, () => this.#tick());
    cores.onFreed(({ core, principal }) => {
      if (principal !== undefined) this.#wake(principal);
      if (core !== undefined) this.requestTick();
    });
  }

  /** Has the policy prepare for nothing, so that what it cannot read stops the boot. @throws what the policy throws */
  ready(): Promise<void> {
    return this.#deps.policy.ready(this.#deps.cores.schedulable());
  }

  /** Takes in a call that has just been accepted. */
  submit(call: Call): void {
    if (!this.#deps.policy.prepares) this.#admit([call]);
    else this.#arrivals.add(call);
    this.requestTick();
  }

  /** Goes on with a call whose request an earlier kernel has made: its slot is taken already, so nobody decides. */
  resume(call: Call, slot: CoreSlot): void {
    const { clock, runner } = this.#deps;
    // The policy has not prepared for it.
    const backlog: Backlog = {
      returned: (call) => this.submit(call),
      waitsForBudget: (call) => this.waitsForBudget(call),
      coreLost: () => this.coreLost(),
      contended: (call, slot) => this.contended(call, slot),
    };
    call.holder = { letGo: () => slot.queue.withdraw(call.id) };
    this.#placer.hold(call, slot, {
      at: clock.now(),
      reason: 'its request goes on',
      start: () => runner.resume(call, slot, backlog).then(() => this.requestTick()),
    });
  }

  /** Has the policy decide again, once all input that is there has been read. */
  requestTick(): void {
    this.#tickWanted = true;
    this.#turnLater();
  }

  #turnLater(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    this.#deps.clock.after(0, () => {
      this.#turnDue = false;
      void this.#prepare();
      // A decision is carried out before there is another one.
      if (this.#placer.isAtWork) this.#placer.goOn();
      else {
        this.#tickWanted = false;
        this.#pacer.happened();
      }
      if (this.#placer.isAtWork || this.#tickWanted) this.#turnLater();
    });
  }

  /** Slow work for new calls, one batch at a time; those that come meanwhile are in a later one. Ticks do not wait for it. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    const batch = this.#arrivals.take();
    if (batch.length === 0) return;
    this.#preparing = true;
    const views = batch.map((call) => call.view);
    const startedAt = this.#deps.stopwatch();
    await this.#deps.clock.during(this.#deps.policy.prepare(views, this.#deps.cores.schedulable()));
    const ms = this.#deps.stopwatch() - startedAt;
    this.#deps.metrics.prepared(ms, batch.length);
    this.#deps.events.emit('prepared', { calls: batch.length, ms });
    this.#preparing = false;
    // What ended meanwhile was released before the policy had anything to let go of.
    for (const call of batch) if (call.isFinal) this.#deps.policy.release(call.id, undefined);
    this.#admit(batch);
    this.requestTick();
  }

  /** Calls become pending, but for those that the policy refuses. */
  #admit(calls: readonly Call[]): void {
    const open = new Map(calls.filter((call) => !call.isFinal).map((call) => [call.id, call]));
    if (open.size === 0) return;
    for (const call of open.values()) this.#pending.add(call);
    this.#pacer.arrived(open.size);
    if (this.#deps.policy.refuses) this.#refuse(open);
  }

  #refuse(open: ReadonlyMap<SyscallId, Call>): void {
    const pending = [...open.values()].map((call) => call.view);
    for (const { syscallId, reason } of this.#deps.policy.refuse({
      now: this.#deps.clock.now(),
      pending,
      cores: this.#deps.cores.schedulable(),
    })) {
      const call = open.get(syscallId);
      if (call === undefined) this.#deps.metrics.scheduler.invalidAssignments++;
      else this.#deps.table.fail(call, new SyscallError('infeasible', reason));
    }
  }

  #tick(): void {
    if (this.#placer.isAtWork) {
      this.#tickWanted = true;
      return;
    }
    if (this.#pending.size === 0) return;
    // Without a free slot nothing can start; but what the queues hold already may be put elsewhere.
    if (this.#placer.isEmpty && !this.#deps.cores.hasFree()) return;
    const snapshot = {
      now: this.#deps.clock.now(),
      pending: this.#pending.views(),
      cores: this.#deps.cores.schedulable(),
    };
    this.#pacer.decided();
    const startedAt = this.#deps.stopwatch();
    const placements = this.#placer.valid(this.#deps.policy.schedule(snapshot));
    const decisionMs = this.#deps.stopwatch() - startedAt;
    this.#deps.metrics.decided(decisionMs);
    this.#placer.apply(placements, snapshot.now);
    if (this.#placer.isAtWork) this.#turnLater();
    this.#deps.events.emit('tick', {
      at: snapshot.now,
      pending: snapshot.pending.length,
      placed: placements.length,
      decisionMs,
    });
  }

  /** Runs one call when its core's queue lets it start. Never rejects. */
  async #run({ call, slot, outputTokensP90 }: Placement): Promise<void> {
    this.#placer.started(call);
    this.#pending.remove(call);
    const running = this.#deps.runner.run(call, slot, this, outputTokensP90);
    // What is left after this start may be enough for the next call that waits for money.
    if (call.state.status === 'running') this.#wake(call.facts.caller.principal);
    await running;
    this.requestTick();
  }

  returned(call: Call): void {
    this.#admit([call]);
    this.requestTick();
  }

  waitsForBudget(call: Call): void {
    this.#waiting.add(call);
  }

  coreLost(): void {
    const { cores, table } = this.#deps;
    for (const call of [...table.all()]) {
      if (call.state.status === 'running' || call.open.some((id) => cores.isUsable(id))) continue;
      const [core = ''] = call.open;
      const why = cores.get(core)?.misconfigured ?? 'it is switched off';
      const error = new SyscallError('core-failed', `No core is left that could serve the call. ${core}: ${why}`);
      table.fail(call, error.with({ class: 'config', core, attempts: call.attempts }));
    }
  }

  contended(call: Call, slot: CoreSlot): boolean {
    const { id } = slot.info;
    const { pid } = call.facts.caller;
    // A call that waits could not start there either, or has a free slot beside.
    if (slot.free() > 0 || slot.isCooling) return false;
    return this.#pending.some(({ view }) => view.pid !== pid && view.eligible.includes(id));
  }

  /** Money of a principal is free again: the oldest call that waits for it may try, or all of them when none is left. */
  #wake(principal: string): void {
    if (!this.#waiting.has(principal)) return;
    const { capacity, clock } = this.#deps;
    const spentUsd = (per?: BudgetPeriod) => capacity.spentUsd(principal, per);
    const isSpent = ({ facts }: Call) => budgetSpent(facts, spentUsd, clock.now()) !== undefined;
    for (const call of this.#waiting.take(principal, isSpent)) this.returned(call);
  }

  /** A pending call became final: its queue must not start it. */
  #forget(call: Call): void {
    this.#placer.forget(call);
    this.#deps.capacity.forget(call.id);
    this.#wake(call.facts.caller.principal);
  }
}
