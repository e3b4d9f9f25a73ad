import { type Load, speedUp } from '../load/load.js';

/** Share of all slots that a calibrated load keeps in use under round-robin while its calls arrive. */
export const BUSY_SHARE = 0.8;
/** A share that misses by less will do. */
const NEAR = 0.01;
const MOST_PLAYS = 6;

export interface Calibration {
  readonly speed: number;
  /** As measured at this speed: slots in use from the first arrival to the last one. Null: all calls arrive at once. */
  readonly busyShare: number | null;
}

interface Play {
  readonly speed: number;
  readonly busyShare: number;
}

/**
 * How much a load's arrivals must be sped up until the cores are 80 % busy while they arrive. What still runs when the last
 * call has come does not count: in a short load it would outweigh the rest. Few calls keep that many slots busy at no speed
 * at all; theirs is the one of those played that keeps most in use.
 *
 * @param slots sum of the caps
 * @param busyMsOf plays the load under round-robin and adds up the time that slots are in use, up to the last arrival
 */
export async function calibrate(
  load: Load,
  slots: number,
  busyMsOf: (load: Load) => Promise<number>,
): Promise<Calibration> {
  const spanMs = (load.runs.at(-1)?.at ?? 0) - (load.runs[0]?.at ?? 0);
  if (spanMs === 0) return { speed: 1, busyShare: null };
  const plays: Play[] = [];
  for (let speed = 1; plays.length < MOST_PLAYS; speed = nextSpeed(plays)) {
    const busyMs = await busyMsOf(speedUp(load, speed));
    const play = { speed, busyShare: roundTo3((busyMs * speed) / (slots * spanMs)) };
    plays.push(play);
    if (missOf(play) < NEAR) return play;
  }
  return plays.reduce((nearest, play) => (missOf(play) < missOf(nearest) ? play : nearest));
}

/** On the line between the fastest play that was too slow and the slowest one that was too fast, or through one of them. */
function nextSpeed(plays: readonly Play[]): number {
  const bySpeed = plays.toSorted((a, b) => a.speed - b.speed);
  const slow = bySpeed.findLast(({ busyShare }) => busyShare < BUSY_SHARE);
  const fast = bySpeed.find(({ busyShare }) => busyShare > BUSY_SHARE);
  const [one, other] = [slow ?? (fast as Play), fast ?? (slow as Play)];
  const slope = one === other ? 1 : Math.log(other.speed / one.speed) / Math.log(strainOf(other) / strainOf(one));
  return roundTo3(one.speed * (STRAIN / strainOf(one)) ** slope);
}

/** Grows in proportion to the speed, about: the share that is idle falls as the exponential of it. */
function strainOf({ busyShare }: Pick<Play, 'busyShare'>): number {
  return -Math.log(1 - Math.min(0.999, Math.max(0.001, busyShare)));
}

const STRAIN = strainOf({ busyShare: BUSY_SHARE });

function missOf({ busyShare }: Play): number {
  return Math.abs(busyShare - BUSY_SHARE);
}

function roundTo3(value: number): number {
  return Number(value.toPrecision(3));
}
