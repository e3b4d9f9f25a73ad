import type { CoreId, SyscallId } from '../../syscalls/syscall.js';
import type { Assignment, PendingCall, SchedulableCore, SchedulingSnapshot } from '../policy.js';
import { uniform } from '../uniform.js';

interface Running {
  readonly call: PendingCall;
  readonly core: CoreId;
}

/** What has happened since the tick before. */
interface Tick {
  readonly snapshot: SchedulingSnapshot;
  readonly arrived: readonly PendingCall[];
  readonly ended: readonly SyscallId[];
}

/** A small seeded kernel without time: calls come, start, are preempted or cancelled, and end, a tick at a time. */
export class World {
  readonly #random: () => number;
  readonly #caps: ReadonlyMap<CoreId, number>;
  #pending: readonly PendingCall[] = [];
  #running: readonly Running[] = [];
  #seq = 0;
  #now = 0;

  constructor(seed: number) {
    this.#random = uniform(seed);
    const cores = Array.from({ length: 1 + this.#below(4) }, (_, index) => `core-${index}`);
    // The first core always has a slot, so that every call can be served.
    this.#caps = new Map(cores.map((id, index) => [id, index === 0 ? 1 + this.#below(3) : this.#below(4)]));
  }

  /** Carries out the assignments, then goes on by one tick. */
  next(assignments: readonly Assignment[], { arrivals = true } = {}): Tick {
    this.#start(assignments);
    const ended = this.#end();
    const arrived = arrivals ? Array.from({ length: this.#below(5) }, () => this.#arrival()) : [];
    this.#pending = [...this.#pending, ...arrived];
    this.#now += 1 + this.#below(100);
    const snapshot = { now: this.#now, pending: [...this.#pending], cores: this.#cores() };
    return { snapshot, arrived, ended };
  }

  #start(assignments: readonly Assignment[]): void {
    const placed = new Map(assignments.map(({ syscallId, core }) => [syscallId, core]));
    for (const call of this.#pending) {
      const core = placed.get(call.id);
      if (core !== undefined) this.#running = [...this.#running, { call, core }];
    }
    this.#pending = this.#pending.filter((call) => !placed.has(call.id));
  }

  /** About a third of the running calls end, a tenth is preempted, and now and then a pending call is cancelled. */
  #end(): SyscallId[] {
    const ended: SyscallId[] = [];
    const running: Running[] = [];
    for (const entry of this.#running) {
      const draw = this.#random();
      if (draw < 0.35) ended.push(entry.call.id);
      else if (draw < 0.45) {
        const preempted = { ...entry.call, since: this.#now, eligible: [entry.core], pinned: entry.core };
        this.#pending = [...this.#pending, preempted];
      } else running.push(entry);
    }
    this.#running = running;
    const cancelled = this.#random() < 0.1 ? this.#pending[this.#below(this.#pending.length)] : undefined;
    if (cancelled !== undefined) {
      this.#pending = this.#pending.filter((call) => call !== cancelled);
      ended.push(cancelled.id);
    }
    this.#pending = this.#pending.toSorted((a, b) => a.seq - b.seq);
    return ended;
  }

  #arrival(): PendingCall {
    const seq = this.#seq++;
    const [first, ...others] = this.#caps.keys();
    const text = `call ${seq}: ${this.#random()}`;
    const pid = 1 + this.#below(6);
    return {
      id: `s${seq}`,
      seq,
      pid,
      program: 1 + (pid % 3),
      tenant: `tenant-${this.#below(2)}`,
      acceptedAt: this.#now,
      since: this.#now,
      expiresAt: this.#random() < 0.2 ? this.#now + 100_000 : undefined,
      priority: this.#below(10),
      inputTokens: 5 + this.#below(2000),
      eligible: [first as CoreId, ...others.filter(() => this.#random() < 0.7)],
      pinned: undefined,
      placed: undefined,
      params: { messages: [{ role: 'user', content: text }] },
    };
  }

  #cores(): SchedulableCore[] {
    return [...this.#caps].map(([id, cap], index) => {
      const running = this.#running.filter((entry) => entry.core === id).length;
      return {
        id,
        kind: 'simulated',
        price: { inputPerMTok: 10 ** index / 10, outputPerMTok: 10 ** index / 2 },
        contextWindow: 128_000,
        cap,
        tools: true,
        responseFormat: true,
        supportsPrefix: true,
        running,
        free: cap - running,
      };
    });
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
