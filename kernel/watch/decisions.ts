import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { DecisionRow } from '../../syscalls/watch.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';

/** Decisions that are kept. */
const MOST = 500;

interface Decision {
  readonly principal: string;
  readonly acceptedAt: Millis;
  row: DecisionRow;
  /** Whether the policy was asked what it had expected. */
  isAsked: boolean;
}

/** What was expected of a call on the core that was chosen. */
type Expected = (id: SyscallId) => { readonly quality: number; readonly costUsd: number } | undefined;

/** The last calls that were given to a core, and what became of them. */
export class Decisions {
  readonly #clock: Clock;
  readonly #kept = new Map<SyscallId, Decision>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(events: KernelEvents): void {
    events.on('started', ({ call, core, reason, waitMs }) => {
      const { facts, state } = call;
      const { task } = facts.params;
      const { pid, principal } = facts.caller;
      const who = { syscallId: call.id, pid, agent: facts.agent, ...(task === undefined ? {} : { task }) };
      this.#kept.delete(call.id);
      this.#kept.set(call.id, {
        principal,
        acceptedAt: state.times.accepted,
        row: { ...who, core, reason, at: this.#clock.now(), waitMs, status: 'running' },
        isAsked: false,
      });
      if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value as SyscallId);
    });
    events.on('preempted', ({ call }) => this.#change(call.id, { status: 'preempted' }));
    events.on('retried', ({ call }) => this.#change(call.id, { status: 'retried' }));
    events.on('final', ({ call, state }) => {
      const decision = this.#kept.get(call.id);
      if (decision === undefined) return;
      const ms = this.#clock.now() - decision.acceptedAt;
      this.#change(call.id, { status: state.status, costUsd: call.spent.costUsd, ms });
    });
    events.on('feedback', ({ call, quality }) => this.#change(call.id, { quality }));
  }

  /** The newest that a principal may see. @param principal undefined: all of them */
  newest(principal: string | undefined, most: number, expected: Expected): DecisionRow[] {
    const rows: DecisionRow[] = [];
    for (const decision of [...this.#kept.values()].reverse()) {
      if (rows.length === most) break;
      if (principal !== undefined && decision.principal !== principal) continue;
      // Asked when it is shown: nobody pays for it while nobody watches.
      if (!decision.isAsked) ask(decision, expected);
      rows.push(decision.row);
    }
    return rows;
  }

  #change(id: SyscallId, more: Partial<DecisionRow>): void {
    const decision = this.#kept.get(id);
    if (decision !== undefined) decision.row = { ...decision.row, ...more };
  }
}

function ask(decision: Decision, expected: Expected): void {
  decision.isAsked = true;
  const known = expected(decision.row.syscallId);
  if (known === undefined) return;
  decision.row = { ...decision.row, predictedQuality: known.quality, predictedUsd: known.costUsd };
}
