import type { StatsReply } from '../syscalls/stats.js';
import type { FinalState, Millis } from '../syscalls/syscall.js';
import { addUp, NOTHING_SPENT, type Spent } from './spent.js';

/** The last 1,000 values of something. */
class Recent {
  readonly #values: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % 1000;
  }

  /** Nearest-rank percentiles; 0 before the first value. */
  percentiles(): { p50: number; p99: number } {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

/** Counts since boot. */
export class Metrics {
  readonly counts = { accepted: 0, rejected: 0, done: 0, failed: 0, cancelled: 0, expired: 0 };
  usage: Spent = NOTHING_SPENT;
  readonly scheduler = { ticks: 0, fallbacks: 0, invalidAssignments: 0 };
  retries = 0;
  preemptions = 0;
  readonly #waiting = new Recent();
  readonly #turnaround = new Recent();
  readonly #decision = new Recent();
  readonly #prepare = new Recent();
  readonly #prepareCall = new Recent();

  ended(state: FinalState, spent: Spent): void {
    this.counts[state.status]++;
    this.usage = addUp(this.usage, spent);
    if (state.status !== 'done') return;
    const { times } = state.reply;
    this.#waiting.add(times.started - times.accepted);
    this.#turnaround.add(times.ended - times.accepted);
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

  report(): Pick<StatsReply, 'retries' | 'preemptions' | 'usage' | 'waitingMs' | 'turnaroundMs' | 'scheduler'> {
    return {
      retries: this.retries,
      preemptions: this.preemptions,
      usage: { ...this.usage },
      waitingMs: this.#waiting.percentiles(),
      turnaroundMs: this.#turnaround.percentiles(),
      scheduler: {
        ...this.scheduler,
        decisionMs: this.#decision.percentiles(),
        prepareMs: this.#prepare.percentiles(),
        prepareCallMs: this.#prepareCall.percentiles(),
      },
    };
  }
}
