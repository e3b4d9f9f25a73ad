import type { CoreId, Millis } from '../../../../syscalls/syscall.js';
import type { CallRecord } from '../../compare/call-record.js';

/** How busy each core was during one trial. */
export interface CoreLoad {
  /** From the first call sent to the last one ended. */
  readonly spanMs: Millis;
  /** By core, in the order of the load: mean calls in flight in each of `LOAD_BINS` equal parts of the span. */
  readonly inFlight: readonly (readonly number[])[];
}

export const LOAD_BINS = 120;

/**
 * Answered calls in flight, by core and time. A call that was suspended counts over its whole stay with the share of it that it
 * ran. Calls without an answer are not in it: nobody says where they ran.
 */
export function coreLoadOf(calls: readonly CallRecord[], cores: readonly CoreId[]): CoreLoad {
  const first = calls.reduce((least, { sentAt }) => Math.min(least, sentAt), Number.POSITIVE_INFINITY);
  const last = calls.reduce((most, { endedAt }) => Math.max(most, endedAt), first);
  const spanMs = calls.length === 0 ? 0 : last - first;
  const width = spanMs / LOAD_BINS;
  const inFlight = cores.map(() => new Array<number>(LOAD_BINS).fill(0));
  if (width === 0) return { spanMs, inFlight };
  const places = new Map(cores.map((core, place) => [core, place]));
  for (const { answer } of calls) {
    const bins = inFlight[places.get(answer?.core ?? '') ?? -1];
    if (answer === undefined || bins === undefined || answer.ended <= answer.started) continue;
    const running = answer.serviceMs / (answer.ended - answer.started);
    const [from, to] = [(answer.started - first) / width, (answer.ended - first) / width];
    for (let bin = Math.floor(from); bin < Math.min(to, LOAD_BINS); bin++) {
      bins[bin] = (bins[bin] as number) + running * (Math.min(to, bin + 1) - Math.max(from, bin));
    }
  }
  return { spanMs, inFlight };
}
