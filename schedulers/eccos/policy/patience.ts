import type { CoreId } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';
import type { Agenda } from './agenda.js';
import type { ServiceTimes } from './service-times.js';

/**
 * Calls that are better off waiting for a full core than taking a free one: the full core is cheaper at the price of
 * quality, and by what is known of its times the deadline holds all the same.
 *
 * @param net cost of each pair, row-major, NaN = cannot be used
 * @param isOverdue calls that must not wait
 * @returns for each such call the core that it waits for; those that save most come first, at most `cap` of them a core
 */
export function patientCalls(
  { now, cores, slots, rules }: Agenda,
  calls: readonly PendingCall[],
  net: Float64Array,
  times: Pick<ServiceTimes, 'mean'>,
  isOverdue: readonly boolean[],
): ReadonlyMap<number, CoreId> {
  const m = cores.length;
  const offers: { readonly call: number; readonly core: number; readonly saving: number }[] = [];
  for (const [i, { acceptedAt, expiresAt }] of calls.entries()) {
    if (expiresAt === undefined || isOverdue[i]) continue;
    if (now - acceptedAt >= rules.patience * (expiresAt - acceptedAt)) continue;
    const row = net.subarray(i * m, i * m + m);
    const free = Math.min(...row.filter((one, j) => slots[j]! > 0 && !Number.isNaN(one)));
    for (const [core, one] of row.entries()) {
      const saving = free - one;
      if (slots[core] === 0 && saving > 0 && Number.isFinite(saving)) offers.push({ call: i, core, saving });
    }
  }
  const waits = new Map<number, CoreId>();
  const queued = cores.map(() => 0);
  for (const { call, core } of offers.sort((a, b) => b.saving - a.saving || a.call - b.call)) {
    const { id, cap } = cores[core]!;
    const mean = times.mean(id);
    if (waits.has(call) || mean === undefined || queued[core]! >= cap) continue;
    // With all slots taken, one frees every mean / cap; the answer then takes its time, at its longest likely twice the mean.
    const ends = now + (mean * (queued[core]! + 1)) / cap + 2 * mean;
    if (ends > calls[call]!.expiresAt!) continue;
    waits.set(call, id);
    queued[core]!++;
  }
  return waits;
}
