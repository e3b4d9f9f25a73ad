import type { StatsReply } from '../syscalls/stats.js';
import type { FinalState, Millis } from '../syscalls/syscall.js';
import { LOCAL } from './process/principal.js';
import { addUp, NOTHING_SPENT, type Spent } from './spent.js';

/** The last 1,000 values of something. */
export class Recent {
  readonly #values: number[] = [];
  #next = 0;
  #percentiles = { p50: 0, p99: 0 };
  /** Values that came after the percentiles were worked out. */
  #fresh = 0;

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % 1000;
    this.#fresh++;
  }

  /** Nearest-rank percentiles, which may lack the last 1 % of the values; 0 before the first value. */
  percentiles(): { p50: number; p99: number } {
    if (this.#fresh > this.#values.length / 100) {
      this.#fresh = 0;
      const sorted = this.#values.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
      this.#percentiles = { p50: at(0.5), p99: at(0.99) };
    }
    return this.#percentiles;
  }
}

/** What became of calls since boot. */
export class Sums {
  readonly counts = { accepted: 0, rejected: 0, done: 0, failed: 0, cancelled: 0, expired: 0 };
  usage: Spent = NOTHING_SPENT;
  retries = 0;
  preemptions = 0;
  readonly #waiting = new Recent();
  readonly #turnaround = new Recent();

  ended(state: FinalState, spent: Spent): void {
    this.counts[state.status]++;
    this.usage = addUp(this.usage, spent);
    if (state.status !== 'done') return;
    const { times } = state.reply;
    this.#waiting.add(times.started - times.accepted);
    this.#turnaround.add(times.ended - times.accepted);
  }

  report(): Pick<StatsReply, 'retries' | 'preemptions' | 'usage' | 'waitingMs' | 'turnaroundMs'> {
    return {
      retries: this.retries,
      preemptions: this.preemptions,
      usage: { ...this.usage },
      waitingMs: this.#waiting.percentiles(),
      turnaroundMs: this.#turnaround.percentiles(),
    };
  }
}

/** Counts since boot: of all calls, and of those of each token. */
export class Metrics {
  readonly all = new Sums();
  readonly scheduler = { ticks: 0, fallbacks: 0, invalidAssignments: 0 };
  readonly #byOwner = new Map<string, Sums>();
  readonly #decision = new Recent();
  readonly #prepare = new Recent();
  readonly #prepareCall = new Recent();

  /** Counts something of a token. Where there are no tokens, nobody asks for a part of the whole. */
  count(owner: string, add: (sums: Sums) => unknown): void {
    add(this.all);
    if (owner !== LOCAL.name) add(this.of(owner));
  }

  /** @param owner name of a token */
  of(owner: string): Sums {
    const known = this.#byOwner.get(owner);
    if (known !== undefined) return known;
    const made = new Sums();
    this.#byOwner.set(owner, made);
    return made;
  }

  decided(decisionMs: Millis): void {
    this.scheduler.ticks++;
    this.#decision.add(decisionMs);
  }

  /** A batch of calls was prepared. */
  prepared(batchMs: Millis, calls: number): void {
    this.#prepare.add(batchMs);
    this.#prepareCall.add(batchMs / calls);
  }

  schedulerReport(): StatsReply['scheduler'] {
    return {
      ...this.scheduler,
      decisionMs: this.#decision.percentiles(),
      prepareMs: this.#prepare.percentiles(),
      prepareCallMs: this.#prepareCall.percentiles(),
    };
  }
}
