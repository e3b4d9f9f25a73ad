import type { Millis } from '../../../syscalls/syscall.js';
import { exponential } from './distributions.js';
import type { Random } from './random.js';

/** Open loop, the same rate all the time: gaps are exponential. @param rate arrivals a second */
export function poisson(random: Random, rate: number, count: number): Millis[] {
  const times: Millis[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    at += exponential(random, 1000 / rate);
    times.push(at);
  }
  return times;
}

/** The same process, known to have had `count` arrivals within this time: loads of different seeds are equally long. */
export function poissonWithin(random: Random, windowMs: Millis, count: number): Millis[] {
  return Array.from({ length: count }, () => random.next() * windowMs).sort((a, b) => a - b);
}

/** How bursts come: a quarter of every period has `factor` times the mean rate, the rest has less, so that the mean holds. */
export interface BurstShape {
  /** @default 2; at most 4, where nothing arrives between bursts */
  readonly factor?: number;
  /** @default 60,000 */
  readonly periodMs?: Millis;
}

const BURST_SHARE = 0.25;

/** Open loop with bursts: a Poisson process whose rate is modulated, drawn by thinning. @param rate mean arrivals a second */
export function bursts(random: Random, rate: number, count: number, shape: BurstShape = {}): Millis[] {
  const { factor = 2, periodMs = 60_000 } = shape;
  const between = (1 - BURST_SHARE * factor) / (1 - BURST_SHARE);
  const times: Millis[] = [];
  let at = 0;
  while (times.length < count) {
    at += exponential(random, 1000 / (rate * factor));
    const level = at % periodMs < BURST_SHARE * periodMs ? factor : between;
    if (random.next() * factor < level) times.push(at);
  }
  return times;
}

/**
 * Times of a trace that were rounded down to a step, spread inside their step. Times that are not multiples of one
 * step of a second or more stay as they are. Order is kept, and the first is at 0.
 */
export function spreadSteps(random: Random, times: readonly Millis[]): Millis[] {
  const step = stepOf(times);
  const spread = step === undefined ? [...times] : times.map((at) => at + random.next() * step).sort((a, b) => a - b);
  const first = spread[0] ?? 0;
  return spread.map((at) => at - first);
}

/** The greatest common divisor of the times where it is 1 s or more: real arrivals are not multiples of anything. */
function stepOf(times: readonly Millis[]): Millis | undefined {
  let step = 0;
  for (const at of times) {
    let [a, b] = [step, Math.round(at)];
    while (b !== 0) [a, b] = [b, a % b];
    step = a;
    if (step > 0 && step < 1000) return undefined;
  }
  return step >= 1000 ? step : undefined;
}
