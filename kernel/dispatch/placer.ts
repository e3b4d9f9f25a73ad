import type { Assignment } from '../../schedulers/policy.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { CoreTable } from '../capacity/core-table.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import type { PendingSet } from './pending.js';

/** Calls that one turn of the event loop gives to queues, which may start them at once: others wait for their turn meanwhile. */
const PLACED_A_TURN = 16;

/** One valid assignment. */
export interface Placement extends Pick<Assignment, 'reason' | 'outputTokensP90'> {
  readonly call: Call;
  readonly slot: CoreSlot;
}

interface PlacerDeps {
  readonly pending: PendingSet;
  readonly cores: CoreTable;
  readonly metrics: Metrics;
  readonly events: KernelEvents;
  /** A core's queue lets a call start. Never rejects. */
  readonly run: (placement: Placement) => Promise<void>;
}

/** Carries out decisions: makes the cores' queues hold what was decided, a part a turn. */
export class Placer {
  readonly #deps: PlacerDeps;
  /** The pending calls that a core's queue holds. */
  readonly #held = new Map<Call, CoreSlot>();
  /** The rest of a decision that is too long for one turn. */
  #rest: { readonly placements: readonly Placement[]; readonly at: Millis } | undefined;
  #order = 0;

  constructor(deps: PlacerDeps) {
    this.#deps = deps;
  }

  /** Whether a decision is not carried out to its end. */
  get isAtWork(): boolean {
    return this.#rest !== undefined;
  }

  /** Whether no queue holds a pending call. */
  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Drops what no policy may ask for: a policy is not trusted with the kernel's promises. */
  valid(assignments: readonly Assignment[]): readonly Placement[] {
    const { pending, cores, metrics } = this.#deps;
    const placed = new Set<Call>();
    const placements: Placement[] = [];
    for (const { syscallId, core, reason, outputTokensP90 } of assignments) {
      const call = pending.get(syscallId);
      const slot = cores.get(core);
      if (call === undefined || placed.has(call) || slot === undefined || !call.view.eligible.includes(core)) {
        metrics.scheduler.invalidAssignments++;
        continue;
      }
      placed.add(call);
      placements.push({ call, slot, reason, outputTokensP90 });
    }
    return placements;
  }

  /**
   * Makes the queues hold exactly the placements, in their order. What stays where it is, is not touched. A long decision is only
   * begun: `goOn` carries it out.
   */
  apply(placements: readonly Placement[], at: Millis): void {
    const moved = this.#moved(placements);
    const moving = new Set(moved.map(({ call }) => call));
    const placed = new Set(placements.map(({ call }) => call));
    // All withdrawals come first: what is held next may start at once, and must not find the old order of the queue.
    for (const [call, slot] of this.#held) {
      if (placed.has(call) && !moving.has(call)) continue;
      slot.queue.withdraw(call.id);
      this.#held.delete(call);
      if (placed.has(call)) continue;
      call.apply({ type: 'withdraw' });
      this.#deps.events.emit('withdrawn', { call });
    }
    this.#rest = { placements: moved, at };
    // A long decision has taken its turn by itself.
    if (moved.length <= PLACED_A_TURN) this.goOn();
  }

  /** Gives calls to their queues, as many as one turn may. */
  goOn(): void {
    if (this.#rest === undefined) return;
    const { placements, at } = this.#rest;
    this.#rest = placements.length > PLACED_A_TURN ? { placements: placements.slice(PLACED_A_TURN), at } : undefined;
    for (const placement of placements.slice(0, PLACED_A_TURN)) {
      const { call, slot, reason } = placement;
      // It may have ended since the decision.
      if (this.#deps.pending.get(call.id) !== call) continue;
      this.#held.set(call, slot);
      this.hold(call, slot, { at, reason, start: () => this.#deps.run(placement) });
    }
  }

  /** Has a queue hold a call behind all others. @param hold.start is called when it may start: at once if a slot is free */
  hold(
    call: Call,
    slot: CoreSlot,
    { at, reason, start }: { at: Millis; reason: string; start: () => Promise<void> },
  ): void {
    const core = slot.info.id;
    call.apply({ type: 'schedule', at, core, reason });
    this.#deps.events.emit('scheduled', { call, core, reason });
    slot.queue.hold(call.id, ++this.#order, start);
  }

  /** A call starts. */
  started(call: Call): void {
    this.#held.delete(call);
  }

  /** A call became final: its queue must not start it. */
  forget(call: Call): void {
    this.#held.get(call)?.queue.withdraw(call.id);
    this.#held.delete(call);
  }

  /** The placements that are not in their queue already, behind all that come before them in the list. */
  #moved(placements: readonly Placement[]): Placement[] {
    const lastOrder = new Map<CoreSlot, number>();
    return placements.filter(({ call, slot }) => {
      const order = this.#held.get(call) === slot ? slot.queue.orderOf(call.id) : undefined;
      const stays = order !== undefined && order > (lastOrder.get(slot) ?? 0);
      lastOrder.set(slot, stays ? order : Number.POSITIVE_INFINITY);
      return !stays;
    });
  }
}
