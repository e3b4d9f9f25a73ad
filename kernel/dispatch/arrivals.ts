import type { Pid } from '../../syscalls/syscall.js';
import type { Call, Holder } from '../call/call.js';

/** Most calls that are prepared at once: the first of a flood must not wait until all of it is, nor the event loop for the nets of all. */
const BATCH = 32;

/** The calls of one agent. */
interface Queue {
  readonly calls: Set<Call>;
  /** Goes on where it stopped: looking for the head of a Set passes all that it has lost. */
  readonly oldest: Iterator<Call, undefined>;
}

/** Accepted calls that have not been prepared, handed out in batches in which agents take turns. */
export class Arrivals implements Holder {
  /** In the order of their turns. */
  readonly #agents = new Map<Pid, Queue>();

  add(call: Call): void {
    const { pid } = call.facts.caller;
    const known = this.#agents.get(pid);
    if (known !== undefined) known.calls.add(call);
    else {
      const calls = new Set([call]);
      this.#agents.set(pid, { calls, oldest: calls.values() });
    }
    call.holder = this;
  }

  letGo(call: Call): void {
    const { pid } = call.facts.caller;
    const queue = this.#agents.get(pid);
    queue?.calls.delete(call);
    if (queue?.calls.size === 0) this.#agents.delete(pid);
  }

  /** The next calls, at most 32: the oldest of each agent, round after round. They are here no longer. */
  take(): Call[] {
    const batch: Call[] = [];
    // An agent that is put back at the end comes up again.
    for (const [pid, { calls, oldest }] of this.#agents) {
      if (batch.length === BATCH) break;
      this.#agents.delete(pid);
      const call = oldest.next().value as Call;
      calls.delete(call);
      batch.push(call);
      if (calls.size > 0) this.#agents.set(pid, { calls, oldest });
    }
    return batch;
  }
}
