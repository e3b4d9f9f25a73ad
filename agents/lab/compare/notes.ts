import { BUSY_SHARE } from './calibrate.js';
import type { LoadReport } from './report.js';

/** A calibration that misses by more has not made the load that figures of this comparison are usually read for. */
const FAR = 0.05;

/** What a reader of the figures must know of the load, a sentence a piece. */
export function notesOf(
  { busyShare, records, calls }: Pick<LoadReport, 'busyShare' | 'records' | 'calls'>,
  seeds: number,
): string[] {
  const notes: string[] = [];
  if (busyShare !== null && Math.abs(busyShare - BUSY_SHARE) > FAR) {
    const remedy = busyShare < BUSY_SHARE ? '; more calls or lower caps may' : '';
    notes.push(
      `the cores are ${percent(busyShare)} busy under round-robin, not ${percent(BUSY_SHARE)}: of the speeds tried none came nearer${remedy}`,
    );
  }
  if (records !== null && calls >= records && seeds > 1) {
    notes.push(
      `every seed plays all ${records} records, so the intervals over seeds show only the order of calls and arrivals; how much depends on these records is in the intervals of --batch --cv`,
    );
  }
  return notes;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
