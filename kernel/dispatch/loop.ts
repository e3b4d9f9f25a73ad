import type { Assignment, SchedulableCore } from '../../schedulers/policy.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { SyscallTable } from '../call/call-table.js';
import { CoreSlot } from '../capacity/core-slot.js';
import type { Clock } from '../clock.js';
import type { LLMCore } from '../cores/core.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import { Arrivals } from './arrivals.js';
import { PendingSet } from './pending.js';
import type { PolicyGuard } from './policy-guard.js';
import type { Runner } from './runner.js';
import { TickPacer } from './tick-pacer.js';

/** Takes pending calls to the cores: a snapshot goes to the policy, and what it decides into the cores' queues. */
export class SchedulerLoop {
  readonly slots: ReadonlyMap<CoreId, CoreSlot>;
  readonly #clock: Clock;
  readonly #stopwatch: () => Millis;
  readonly #policy: PolicyGuard;
  readonly #runner: Runner;
  readonly #table: SyscallTable;
  readonly #metrics: Metrics;
  readonly #events: KernelEvents;
  readonly #arrivals = new Arrivals();
  #preparing = false;
  readonly #pending = new PendingSet((call) => this.#forget(call));
  /** The pending calls that a core's queue holds. */
  readonly #scheduled = new Map<Call, CoreSlot>();
  #order = 0;
  #tickDue = false;
  readonly #pacer: TickPacer;

  constructor(deps: {
    readonly clock: Clock;
    /** Real milliseconds from any moment on, to measure the policy; not the kernel's time. */
    readonly stopwatch: () => Millis;
    readonly policy: PolicyGuard;
    readonly cores: readonly LLMCore[];
    readonly runner: Runner;
    readonly table: SyscallTable;
    readonly metrics: Metrics;
    readonly events: KernelEvents;
  }) {
    this.#clock = deps.clock;
    this.#stopwatch = deps.stopwatch;
    this.#policy = deps.policy;
    this.#runner = deps.runner;
    this.#table = deps.table;
    this.#metrics = deps.metrics;
    this.#events = deps.events;
    this.#pacer = new TickPacer(deps.clock, deps.policy.tickMs, () => this.#tick());
    this.slots = new Map(
      deps.cores.map((core) => [core.info.id, new CoreSlot(core, deps.clock, () => this.requestTick())]),
    );
  }

  /** Has the policy prepare for nothing, so that what it cannot read stops the boot. @throws whatever the policy throws */
  ready(): Promise<void> {
    return this.#policy.ready(this.#cores());
  }

  /** Takes in a call that has just been accepted. */
  submit(call: Call): void {
    if (!this.#policy.prepares) this.#admit([call]);
    else this.#arrivals.add(call);
    this.requestTick();
  }

  /** Has the policy decide anew, once all input that is there has been read. */
  requestTick(): void {
    if (this.#tickDue) return;
    this.#tickDue = true;
    this.#clock.after(0, () => {
      this.#tickDue = false;
      void this.#prepare();
      this.#pacer.happened();
    });
  }

  /** Slow work for new calls, one batch at a time; those that come meanwhile are in a later one. Ticks do not wait for it. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    const batch = this.#arrivals.take();
    if (batch.length === 0) return;
    this.#preparing = true;
    const views = batch.map((call) => call.view);
    const startedAt = this.#stopwatch();
    await this.#clock.during(this.#policy.prepare(views, this.#cores()));
    this.#metrics.prepared(this.#stopwatch() - startedAt, batch.length);
    this.#preparing = false;
    // What ended meanwhile was released before the policy had anything to let go of.
    for (const call of batch) if (call.isFinal) this.#policy.release(call.id, undefined);
    this.#admit(batch);
    this.requestTick();
  }

  /** Calls become pending, but for those that the policy refuses. */
  #admit(calls: readonly Call[]): void {
    const open = new Map(calls.filter((call) => !call.isFinal).map((call) => [call.id, call]));
    if (open.size === 0) return;
    for (const call of open.values()) this.#pending.add(call);
    this.#pacer.arrived(open.size);
    if (this.#policy.refuses) this.#refuse(open);
  }

  #refuse(open: ReadonlyMap<SyscallId, Call>): void {
    const pending = [...open.values()].map((call) => call.view);
    for (const { syscallId, reason } of this.#policy.refuse({
      now: this.#clock.now(),
      pending,
      cores: this.#cores(),
    })) {
      const call = open.get(syscallId);
      if (call === undefined) this.#metrics.scheduler.invalidAssignments++;
      else this.#table.fail(call, new SyscallError('infeasible', reason));
    }
  }

  #tick(): void {
    if (this.#pending.size === 0) return;
    // Without a free slot nothing can start; but what the queues hold already may be put elsewhere.
    if (this.#scheduled.size === 0 && [...this.slots.values()].every((slot) => slot.free() === 0)) return;
    const snapshot = { now: this.#clock.now(), pending: this.#pending.views(), cores: this.#cores() };
    this.#pacer.decided();
    const startedAt = this.#stopwatch();
    const placements = this.#valid(this.#policy.schedule(snapshot));
    const decisionMs = this.#stopwatch() - startedAt;
    this.#metrics.decided(decisionMs);
    this.#apply(placements, snapshot.now);
    this.#events.emit('tick', {
      at: snapshot.now,
      pending: snapshot.pending.length,
      placed: placements.length,
      decisionMs,
    });
  }

  #cores(): SchedulableCore[] {
    return [...this.slots.values()].map((slot) => slot.schedulable());
  }

  /** Drops what no policy may ask for: a policy is not trusted with the kernel's promises. */
  #valid(assignments: readonly Assignment[]): readonly Placement[] {
    const placed = new Set<Call>();
    const placements: Placement[] = [];
    for (const { syscallId, core, reason } of assignments) {
      const call = this.#pending.get(syscallId);
      const slot = this.slots.get(core);
      if (call === undefined || placed.has(call) || slot === undefined || !call.view.eligible.includes(core)) {
        this.#metrics.scheduler.invalidAssignments++;
        continue;
      }
      placed.add(call);
      placements.push({ call, slot, reason });
    }
    return placements;
  }

  /** Makes the queues hold exactly the placements, in their order. What stays where it is, is not touched. */
  #apply(placements: readonly Placement[], at: Millis): void {
    const moved = this.#moved(placements);
    const moving = new Set(moved.map(({ call }) => call));
    const placed = new Set(placements.map(({ call }) => call));
    // All withdrawals come first: what is held next may start at once, and must not find the old order of the queue.
    for (const [call, slot] of this.#scheduled) {
      if (placed.has(call) && !moving.has(call)) continue;
      slot.queue.withdraw(call.id);
      this.#scheduled.delete(call);
      if (!placed.has(call)) call.apply({ type: 'withdraw' });
    }
    for (const { call, slot, reason } of moved) {
      call.apply({ type: 'schedule', at, core: slot.info.id, reason });
      this.#scheduled.set(call, slot);
      slot.queue.hold(call.id, ++this.#order, () => this.#run(call, slot));
    }
  }

  /** The placements that are not in their queue already, behind all that come before them in the list. */
  #moved(placements: readonly Placement[]): Placement[] {
    const lastOrder = new Map<CoreSlot, number>();
    return placements.filter(({ call, slot }) => {
      const order = this.#scheduled.get(call) === slot ? slot.queue.orderOf(call.id) : undefined;
      const stays = order !== undefined && order > (lastOrder.get(slot) ?? 0);
      lastOrder.set(slot, stays ? order : Number.POSITIVE_INFINITY);
      return !stays;
    });
  }

  /** Runs one call when its core's queue lets it start. Never rejects. */
  async #run(call: Call, slot: CoreSlot): Promise<void> {
    this.#scheduled.delete(call);
    this.#pending.remove(call);
    for (const other of this.slots.values()) if (other !== slot) other.forget(call.id);
    const fate = await this.#runner.run(call, slot, {
      contended: () => this.#contended(call, slot),
      isUsable: (id) => (this.slots.get(id)?.info.cap ?? 0) > 0,
    });
    slot.refresh();
    if (fate === 'pending') this.#return(call);
    else if (fate !== 'ended') this.#returnAfter(call, fate.pendingAfter);
    this.requestTick();
  }

  #return(call: Call): void {
    this.#admit([call]);
  }

  #returnAfter(call: Call, delay: Millis): void {
    const cancel = this.#clock.after(delay, () => {
      this.#return(call);
      this.requestTick();
    });
    call.holder = { letGo: cancel };
  }

  /** Whether a call of another agent waits for the core of this running call. */
  #contended(call: Call, slot: CoreSlot): boolean {
    const { id } = slot.info;
    const { pid } = call.facts.process;
    // Whoever waits could not start there either, or has a free slot beside.
    if (slot.free() > 0 || slot.view().state === 'cooling') return false;
    return this.#pending.some(({ view }) => view.pid !== pid && view.eligible.includes(id));
  }

  /** A pending call became final: its queue must not start it. */
  #forget(call: Call): void {
    this.#scheduled.get(call)?.queue.withdraw(call.id);
    this.#scheduled.delete(call);
    for (const slot of this.slots.values()) slot.forget(call.id);
  }
}

/** One valid assignment. */
interface Placement {
  readonly call: Call;
  readonly slot: CoreSlot;
  readonly reason: string;
}
