import { type Load, speedUp } from '../load/load.js';

/** Share of all slots that a calibrated load keeps in use under round-robin. */
const BUSY_SHARE = 0.8;
/** The time on the cores hardly depends on the speed, so that two looks are enough. */
const PASSES = 2;

export interface Calibration {
  readonly speed: number;
  /** Time on the cores at the last look, by the slots' time at this speed. */
  readonly busyShare: number;
}

/**
 * How much a load's arrivals must be sped up until the cores are 80 % busy: time on the cores by slots and arrival time.
 *
 * @param slots sum of the caps
 * @param busyMsOf plays the load under round-robin and adds up the time that slots are in use
 */
export async function calibrate(
  load: Load,
  slots: number,
  busyMsOf: (load: Load) => Promise<number>,
): Promise<Calibration> {
  const spanMs = load.runs.at(-1)?.at ?? 0;
  if (spanMs === 0) return { speed: 1, busyShare: 1 };
  let speed = 1;
  let busyShare = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const offered = (await busyMsOf(speedUp(load, speed))) / (slots * spanMs);
    speed = roundTo3(BUSY_SHARE / offered);
    busyShare = offered * speed;
  }
  return { speed, busyShare: roundTo3(busyShare) };
}

function roundTo3(value: number): number {
  return Number(value.toPrecision(3));
}
