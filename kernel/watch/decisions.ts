import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import type { DecisionRow } from '../../syscalls/watch.js';
import type { CallView } from '../call-view.js';
import type { KernelEvents } from '../events.js';

/** Decisions that are kept. */
const MOST = 500;

/** What was expected of a call on the core that was chosen. */
interface Expected {
  readonly quality: number;
  readonly costUsd: number;
}

/** One start of a call. Its members change in place: to copy a row at each event would cost more than all else here. */
class Decision {
  readonly id: SyscallId;
  readonly principal: string;
  readonly #pid: number;
  readonly #agent: string;
  readonly #task: string | undefined;
  readonly #acceptedAt: Millis;
  readonly #core: CoreId;
  readonly #reason: string;
  readonly #at: Millis;
  readonly #waitMs: Millis;
  /** Asked once, when it is shown; null: the policy does not say. */
  #expected: Expected | null | undefined;
  status: DecisionRow['status'] = 'running';
  quality: number | undefined;
  #costUsd: number | undefined;
  #ms: Millis | undefined;

  constructor({ id, facts, state }: CallView, core: CoreId, reason: string, at: Millis, waitMs: Millis) {
    this.id = id;
    this.principal = facts.caller.principal;
    this.#pid = facts.caller.pid;
    this.#agent = facts.agent;
    this.#task = facts.params.task;
    this.#acceptedAt = state.times.accepted;
    this.#core = core;
    this.#reason = reason;
    this.#at = at;
    this.#waitMs = waitMs;
  }

  end(status: DecisionRow['status'], costUsd: number, at: Millis): void {
    this.status = status;
    this.#costUsd = costUsd;
    this.#ms = at - this.#acceptedAt;
  }

  row(expected: (id: SyscallId) => Expected | undefined): DecisionRow {
    if (this.#expected === undefined) this.#expected = expected(this.id) ?? null;
    return {
      syscallId: this.id,
      pid: this.#pid,
      agent: this.#agent,
      ...(this.#task === undefined ? {} : { task: this.#task }),
      core: this.#core,
      reason: this.#reason,
      at: this.#at,
      waitMs: this.#waitMs,
      ...(this.#expected && { predictedQuality: this.#expected.quality, predictedUsd: this.#expected.costUsd }),
      status: this.status,
      ...(this.quality === undefined ? {} : { quality: this.quality }),
      ...(this.#costUsd === undefined ? {} : { costUsd: this.#costUsd }),
      ...(this.#ms === undefined ? {} : { ms: this.#ms }),
    };
  }
}

/** The last calls that were given to a core, and what became of them. */
export class Decisions {
  /** The last start of each call. */
  readonly #kept = new Map<SyscallId, Decision>();
  /** A ring of all that are kept: looking for the oldest of a Map passes all its deleted keys. */
  readonly #ring: Decision[] = [];
  #started = 0;

  listen(events: KernelEvents): void {
    const change = (id: SyscallId, status: DecisionRow['status']) => {
      const decision = this.#kept.get(id);
      if (decision !== undefined) decision.status = status;
    };
    events.on('started', ({ at, call, core, reason, waitMs }) => {
      this.#keep(new Decision(call, core, reason, at, waitMs));
    });
    events.on('preempted', ({ call }) => change(call.id, 'preempted'));
    events.on('retried', ({ call }) => change(call.id, 'retried'));
    events.on('final', ({ call, state }) => {
      const { accepted, ended = accepted } = state.times;
      this.#kept.get(call.id)?.end(state.status, call.spent.costUsd, ended);
    });
    events.on('feedback', ({ call, quality }) => {
      const decision = this.#kept.get(call.id);
      if (decision !== undefined) decision.quality = quality;
    });
  }

  /** The newest that a principal may see. @param principal undefined: all of them */
  newest(
    principal: string | undefined,
    most: number,
    expected: (id: SyscallId) => Expected | undefined,
  ): DecisionRow[] {
    const rows: DecisionRow[] = [];
    const { length } = this.#ring;
    for (let back = 1; back <= length && rows.length < most; back++) {
      const decision = this.#ring[(this.#started - back) % length] as Decision;
      const isTheirs = principal === undefined || decision.principal === principal;
      // A call that started again is shown where it is now.
      if (isTheirs && this.#kept.get(decision.id) === decision) rows.push(decision.row(expected));
    }
    return rows;
  }

  #keep(decision: Decision): void {
    const at = this.#started++ % MOST;
    const oldest = this.#ring[at];
    if (oldest !== undefined && this.#kept.get(oldest.id) === oldest) this.#kept.delete(oldest.id);
    this.#ring[at] = decision;
    this.#kept.set(decision.id, decision);
  }
}
