import type { Millis, Pid } from '../../syscalls/syscall.js';
import type { Process } from './process-table.js';

/** Old pids that are known to stand for a later process. */
const MOST_SUCCESSORS = 10_000;

/** A process that went when its connection was lost. */
interface Lost {
  readonly owner: string;
  readonly children: readonly Process[];
  readonly until: Millis;
}

/**
 * How families find themselves again. A process that loses its connection, or its kernel, comes back as a new one and says which pid
 * it had. Its children know the old pid only, and may come before it: for a while they are asked to try again.
 */
export class Returns {
  readonly #waitMs: () => Millis;
  /** The later pid, by token and old pid. */
  readonly #successors = new Map<string, Pid>();
  /** In the order in which they went. */
  readonly #lost = new Map<Pid, Lost>();
  /** Pids below it were given out by kernels that are gone; they may come back until then. */
  #earlier: { readonly below: Pid; readonly until: Millis } = { below: 0, until: 0 };

  /** @param waitMs how long one that was lost may take to come back; asked each time */
  constructor(waitMs: () => Millis) {
    this.#waitMs = waitMs;
  }

  /** Pids below `firstPid` were given out by kernels that are gone. */
  beginAt(firstPid: Pid, now: Millis): void {
    this.#earlier = { below: firstPid, until: now + this.#waitMs() };
  }

  /** The connection of a process was lost. */
  lose({ pid, principal: owner, children }: Process, now: Millis): void {
    for (const [old, { until }] of this.#lost) {
      if (until > now) break;
      this.#lost.delete(old);
    }
    this.#lost.set(pid, { owner, children: [...children], until: now + this.#waitMs() });
  }

  /** A process is back under a new pid. @returns children that it had when it was lost, which may have ended */
  come(owner: string, was: Pid, pid: Pid): readonly Process[] {
    const lost = this.#lost.get(was);
    if (lost !== undefined && lost.owner !== owner) return [];
    this.#lost.delete(was);
    this.#successors.set(nameOf(owner, was), pid);
    for (const oldest of this.#successors.keys()) {
      if (this.#successors.size <= MOST_SUCCESSORS) break;
      this.#successors.delete(oldest);
    }
    return lost?.children ?? [];
  }

  /** The pid that a process has now, as far as is known. */
  latest(owner: string, pid: Pid): Pid {
    let latest = pid;
    // Of a kernel without a journal pids may run in a circle: they begin at 1 each time.
    for (let hops = 0; hops <= this.#successors.size; hops++) {
      const next = this.#successors.get(nameOf(owner, latest));
      if (next === undefined) break;
      latest = next;
    }
    return latest;
  }

  /** Whether a process that is not there may come back. */
  mayCome(owner: string, pid: Pid, now: Millis): boolean {
    const { below, until } = this.#earlier;
    if (pid < below) return now < until;
    const lost = this.#lost.get(pid);
    return lost !== undefined && lost.owner === owner && now < lost.until;
  }
}

function nameOf(owner: string, pid: Pid): string {
  return `${owner} ${pid}`;
}
