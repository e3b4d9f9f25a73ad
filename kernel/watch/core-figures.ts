import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';

/** Requests whose time to the first token is kept. */
const RECENT = 200;
/** Time over which dollars an hour are taken, exponentially. */
const MEMORY_MS = 600_000;
const HOUR_MS = 3_600_000;

interface Figures {
  readonly ttftMs: Millis[];
  requests: number;
  /** Dollars of the last ten minutes as of `at`: each fades by the time since then. */
  recentUsd: number;
  at: Millis;
}

/** How fast each core answers, and what it costs now. */
export class CoreFigures {
  readonly #clock: Clock;
  readonly #since: Millis;
  readonly #figures = new Map<CoreId, Figures>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  listen(events: KernelEvents): void {
    events.on('firstToken', ({ core, ms }) => {
      const figures = this.#of(core);
      figures.ttftMs[figures.requests++ % RECENT] = ms;
    });
    events.on('closed', ({ at, core, spent }) => {
      const figures = this.#of(core);
      figures.recentUsd = faded(figures, at) + spent.costUsd;
      figures.at = at;
    });
  }

  read(core: CoreId): { readonly ttftMs?: Millis; readonly usdPerHour: number } {
    const figures = this.#figures.get(core);
    if (figures === undefined) return { usdPerHour: 0 };
    const now = this.#clock.now();
    // Shortly after boot less time than the memory has gone into the sum.
    const overMs = MEMORY_MS * (1 - Math.exp(-Math.max(1000, now - this.#since) / MEMORY_MS));
    const usdPerHour = Number(((faded(figures, now) * HOUR_MS) / overMs).toPrecision(4));
    const sorted = figures.ttftMs.toSorted((a, b) => a - b);
    const median = sorted[Math.floor((sorted.length - 1) / 2)];
    return median === undefined ? { usdPerHour } : { ttftMs: Math.round(median), usdPerHour };
  }

  #of(core: CoreId): Figures {
    let figures = this.#figures.get(core);
    if (figures === undefined) {
      figures = { ttftMs: [], requests: 0, recentUsd: 0, at: this.#clock.now() };
      this.#figures.set(core, figures);
    }
    return figures;
  }
}

function faded({ recentUsd, at }: Figures, now: Millis): number {
  return recentUsd * Math.exp((at - now) / MEMORY_MS);
}
