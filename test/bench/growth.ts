import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type GrowthSetup, playGrowth, type SeatReport } from '../../agents/lab/growth/growth.js';
import { type Figure, figureOf } from '../../agents/lab/metrics/statistics.js';

const SETUP = { callsAnHour: 1_000_000, cores: 100 } as const satisfies Partial<GrowthSetup>;
/** Calls of an agent in an hour. */
const CALLS_AN_AGENT = 10;

/**
 * One seat for all cores, and seats that each have a pool of them: 10^6 calls an hour by 10^5 agents on 100 cores, in virtual time.
 *
 * @param args share of an hour, numbers of seats by comma, number of seeds, more parameters of the policy
 */
export async function run([share = '1', seats = '1,4', seeds = '1', more = '']: readonly string[]): Promise<void> {
  // Heaps are to be compared without what is no longer used.
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;
  const calls = Math.round(Number(share) * SETUP.callsAnHour);
  const agents = Math.round(SETUP.callsAnHour / CALLS_AN_AGENT);
  const policy = ['eccos:alpha=0.75,tickMs=100', ...(more === '' ? [] : [more])].join();
  console.log(`${calls} calls, ${SETUP.callsAnHour} an hour, ${agents} agents, ${SETUP.cores} cores, ${policy}`);
  const counts = seats.split(',').map(Number);
  const extras = new Map<number, number[]>(counts.map((count) => [count, []]));
  for (let seed = 1; seed <= Number(seeds); seed++) {
    let base: Sums | undefined;
    for (const count of counts) {
      const before = process.cpuUsage();
      const sums = sumsOf(await playGrowth({ ...SETUP, calls, agents, policy, seed, seats: count }));
      const { user, system } = process.cpuUsage(before);
      base ??= sums;
      const extra = extraOf(sums, base);
      extras.get(count)?.push(extra);
      console.log(
        `seed ${seed}, ${String(count).padStart(2)} seats | $${sums.costUsd.toFixed(2)}, expected ${sums.expectedUsd.toFixed(2)}, at quality ${sums.quality.toFixed(4)}, ` +
          `at equal quality ${percent(extra)} | mean turnaround ${(sums.turnaroundMs / 1000).toFixed(2)} s | ` +
          `tick p99 ${sums.tickP99Ms.toFixed(1)} ms, longest ${sums.longestTickMs.toFixed(1)} ms of ${sums.ticks}, mean pending ${sums.meanPending.toFixed(0)} | ` +
          `heap ${sums.heapMb.map((mb) => mb.toFixed(0)).join(', ')} MB | ${((user + system) / sums.ended).toFixed(0)} us a call`,
      );
    }
  }
  for (const [count, values] of [...extras].slice(1)) {
    const { mean, low, high } = figureOf(values) as Figure;
    const interval =
      low === null || high === null ? '' : ` [${percent(low)}, ${percent(high)}] over ${values.length} seeds`;
    console.log(`${count} seats against ${counts[0]}, expected cost at equal quality: ${percent(mean)}${interval}`);
  }
}

/**
 * By how much the expected cost is above that of `base`, as a share of it, once the difference in quality is taken off at the mean price
 * of quality of both: along the best decisions that is what a better answer costs more.
 */
function extraOf(sums: Sums, base: Sums): number {
  const price = (sums.priceOfQuality + base.priceOfQuality) / 2;
  return (sums.expectedUsd / sums.calls - price * (sums.quality - base.quality)) / (base.expectedUsd / base.calls) - 1;
}

type Sums = SeatReport;

/** Of all seats: of ticks and memory the largest one's. Quality, its price and turnaround are means over the calls. */
function sumsOf(reports: readonly SeatReport[]): Sums {
  const sum = (of: (report: SeatReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: SeatReport) => number) => Math.max(...reports.map(of));
  const calls = sum((one) => one.calls);
  return {
    calls,
    ended: sum((one) => one.ended),
    costUsd: sum((one) => one.costUsd),
    expectedUsd: sum((one) => one.expectedUsd),
    quality: sum((one) => one.quality) / calls,
    priceOfQuality: sum((one) => one.priceOfQuality) / calls,
    turnaroundMs: sum((one) => one.turnaroundMs) / calls,
    tickP99Ms: most((one) => one.tickP99Ms),
    longestTickMs: most((one) => one.longestTickMs),
    ticks: sum((one) => one.ticks),
    meanPending: most((one) => one.meanPending),
    heapMb: [most(({ heapMb: [half] }) => half), most(({ heapMb: [, end] }) => end)],
  };
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)} %`;
}
