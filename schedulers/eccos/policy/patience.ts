import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { Market } from './market.js';
import type { ServiceTimes } from './service-times.js';

/** What a wait is priced with. */
export interface WaitingRoom {
  readonly now: Millis;
  /** Places of each core now. */
  readonly slots: readonly number[];
  /** US dollars for one call from surely wrong to surely right. */
  readonly lambda: number;
  /** US dollars that a slot of each core is worth to calls to come. */
  readonly slotPrices: ArrayLike<number>;
  readonly times: ServiceTimes;
  /** Share of its deadline that a call may spend waiting on purpose. */
  readonly patience: number;
}

/**
 * Calls that are better off waiting for a full core than taking a free one: the full core is cheaper at the price of
 * quality, and by what is known of its times the deadline holds all the same.
 *
 * @param isOverdue calls that must not wait
 * @returns for each such call the core that it waits for; those that save most come first, at most `cap` of them a core
 */
export function patientCalls(
  market: Market,
  room: WaitingRoom,
  isOverdue: (index: number) => boolean,
): ReadonlyMap<number, CoreId> {
  const { calls, cores, m, quality, costUsd, bars } = market;
  const offers: { readonly call: number; readonly core: number; readonly saving: number }[] = [];
  for (const [i, { acceptedAt, expiresAt }] of calls.entries()) {
    if (expiresAt === undefined || isOverdue(i)) continue;
    if (room.now - acceptedAt >= room.patience * (expiresAt - acceptedAt)) continue;
    const net = (j: number) => costUsd[i * m + j]! - room.lambda * quality[i * m + j]! + room.slotPrices[j]!;
    const open = [...cores.keys()].filter((j) => bars[i * m + j] === '' && Number.isFinite(net(j)));
    const isFree = (j: number) => room.slots[j]! > 0;
    const now = Math.min(...open.filter(isFree).map(net));
    for (const j of open) {
      const saving = now - net(j);
      if (!isFree(j) && saving > 0 && Number.isFinite(saving)) offers.push({ call: i, core: j, saving });
    }
  }
  const waits = new Map<number, CoreId>();
  const queued = cores.map(() => 0);
  for (const { call, core } of offers.sort((a, b) => b.saving - a.saving || a.call - b.call)) {
    const { id, cap } = cores[core]!;
    const mean = room.times.mean(id);
    if (waits.has(call) || mean === undefined || queued[core]! >= cap) continue;
    // With all slots taken, one frees every mean / cap; the answer then takes its time, at its longest likely twice the mean.
    const ends = room.now + (mean * (queued[core]! + 1)) / cap + 2 * mean;
    if (ends > calls[call]!.expiresAt!) continue;
    waits.set(call, id);
    queued[core]!++;
  }
  return waits;
}
