import type { PendingCall, SchedulerPolicy, SchedulingSnapshot } from '../../schedulers/policy.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';

/** What a witness has counted of one pending call. */
interface Wait {
  readonly call: PendingCall;
  /** Overdue calls before it when it became overdue; undefined: it has not. */
  ahead: number | undefined;
  /** Ticks since then in which a core that can serve it had a free slot, and the fewest such slots in one of them. */
  passed: number;
  fewestSlots: number;
}

/**
 * Stands before a policy and holds it to the bound on overdue calls: one is passed by at most
 * ceil(overdue ahead / slots freed) ticks in which a core that can serve it had a free slot.
 */
export class OverdueWitness {
  readonly policy: SchedulerPolicy;
  /** Every breach, in words. */
  readonly breaches: string[] = [];
  /** Calls that were overdue when they were placed or seen last, and the most that one of them was passed by. */
  overdue = 0;
  mostPassed = 0;
  readonly #overdueMs: Millis;
  #waits = new Map<SyscallId, Wait>();

  constructor(policy: SchedulerPolicy, overdueMs: Millis = 5000) {
    this.#overdueMs = overdueMs;
    this.policy = {
      name: policy.name,
      prepare: async (...args) => policy.prepare?.(...args),
      schedule: (snapshot) => this.#schedule(policy, snapshot),
      release: (...args) => policy.release?.(...args),
      feedback: (...args) => policy.feedback?.(...args),
    };
  }

  #schedule(policy: SchedulerPolicy, snapshot: SchedulingSnapshot) {
    this.#see(snapshot);
    const assignments = policy.schedule(snapshot);
    const free = new Map(snapshot.cores.map((core) => [core.id, core.free]));
    const starters = new Map<CoreId, PendingCall[]>();
    const started = new Set<SyscallId>();
    for (const { syscallId, core } of assignments) {
      const taken = starters.get(core) ?? [];
      if (taken.length >= (free.get(core) ?? 0)) continue;
      taken.push((this.#waits.get(syscallId) as Wait).call);
      starters.set(core, taken);
      started.add(syscallId);
    }
    for (const wait of this.#waits.values()) {
      if (started.has(wait.call.id)) this.#started(wait);
      else this.#passed(wait, free, starters, snapshot.now);
    }
    return assignments;
  }

  #see({ now, pending }: SchedulingSnapshot): void {
    const waits = new Map<SyscallId, Wait>();
    for (const call of pending) {
      const before = this.#waits.get(call.id);
      const isSame = before?.call.since === call.since;
      const fresh = { call, ahead: undefined, passed: 0, fewestSlots: Infinity };
      waits.set(call.id, isSame ? { ...before, call } : fresh);
    }
    this.#waits = waits;
    const late = [...waits.values()].filter(({ call }) => now - call.since >= this.#overdueMs);
    for (const wait of late) wait.ahead ??= late.filter((other) => isOlder(other, wait)).length;
  }

  #started({ ahead, passed }: Wait): void {
    if (ahead === undefined) return;
    this.overdue++;
    this.mostPassed = Math.max(this.mostPassed, passed);
  }

  #passed(
    wait: Wait,
    free: ReadonlyMap<CoreId, number>,
    starters: ReadonlyMap<CoreId, readonly PendingCall[]>,
    now: Millis,
  ): void {
    const { call, ahead } = wait;
    const slots = call.eligible.reduce((sum, core) => sum + (free.get(core) ?? 0), 0);
    if (ahead === undefined || slots === 0) return;
    wait.passed++;
    wait.fewestSlots = Math.min(wait.fewestSlots, slots);
    if (wait.passed > Math.ceil(ahead / wait.fewestSlots)) {
      this.breaches.push(
        `${call.id} at ${now}: passed ${wait.passed} times, ${ahead} ahead, ${wait.fewestSlots} slots`,
      );
    }
    const takers = call.eligible.flatMap((core) => starters.get(core) ?? []);
    const late = takers.map(({ id }) => this.#waits.get(id) as Wait).filter((other) => !isOlder(other, wait));
    if (takers.length < slots) this.breaches.push(`${call.id} at ${now}: ${slots - takers.length} slots stay idle`);
    for (const { call: other } of late) this.breaches.push(`${call.id} at ${now}: ${other.id} goes before it`);
  }
}

/** Pending for longer, or as long and accepted before. */
function isOlder(one: Wait, other: Wait): boolean {
  return one.call.since < other.call.since || (one.call.since === other.call.since && one.call.seq < other.call.seq);
}
