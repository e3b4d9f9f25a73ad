import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type GrowthSetup, playGrowth, type SeatReport } from '../../agents/lab/growth/growth.js';

const SETUP = {
  ...{ callsAnHour: 1_000_000, cores: 100, policy: 'eccos:alpha=0.75,tickMs=100', seed: 1 },
} as const satisfies Partial<GrowthSetup>;
/** Calls of an agent in an hour. */
const CALLS_AN_AGENT = 10;

/**
 * One seat for all cores, and seats that each have a pool of them: 10^6 calls an hour by 10^5 agents on 100 cores, in virtual time.
 *
 * @param args share of an hour, numbers of seats by comma
 */
export async function run([share = '1', seats = '1,4']: readonly string[]): Promise<void> {
  // Heaps are to be compared without what is no longer used.
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;
  const calls = Math.round(Number(share) * SETUP.callsAnHour);
  const agents = Math.round(SETUP.callsAnHour / CALLS_AN_AGENT);
  console.log(`${calls} calls, ${SETUP.callsAnHour} an hour, ${agents} agents, ${SETUP.cores} cores, ${SETUP.policy}`);
  let base: Sums | undefined;
  for (const count of seats.split(',').map(Number)) {
    const before = process.cpuUsage();
    const reports = await playGrowth({ ...SETUP, calls, agents, seats: count });
    const { user, system } = process.cpuUsage(before);
    const sums = sumsOf(reports);
    base ??= sums;
    // What the seats paid for better or worse answers than those of the first line is taken off.
    const equalUsd = sums.costUsd - sums.priceOfQuality * (sums.quality - base.quality) * sums.calls;
    console.log(
      `${String(count).padStart(2)} seats | $${sums.costUsd.toFixed(2)} at quality ${sums.quality.toFixed(4)}, at equal quality ${signed(100 * (equalUsd / base.costUsd - 1))} % | ` +
        `mean turnaround ${(sums.turnaroundMs / 1000).toFixed(2)} s | ` +
        `tick p99 ${sums.tickP99Ms.toFixed(1)} ms, longest ${sums.longestTickMs.toFixed(1)} ms of ${sums.ticks}, mean pending ${sums.meanPending.toFixed(0)} | ` +
        `heap ${sums.heapMb.map((mb) => mb.toFixed(0)).join(', ')} MB | ${((user + system) / sums.ended).toFixed(0)} us a call`,
    );
  }
}

type Sums = SeatReport;

/** Of all seats: of ticks and memory the largest one's. Quality and turnaround are means over the calls. */
function sumsOf(reports: readonly SeatReport[]): Sums {
  const sum = (of: (report: SeatReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: SeatReport) => number) => Math.max(...reports.map(of));
  const calls = sum((one) => one.calls);
  return {
    calls,
    ended: sum((one) => one.ended),
    costUsd: sum((one) => one.costUsd),
    quality: sum((one) => one.quality) / calls,
    priceOfQuality: sum((one) => one.priceOfQuality) / reports.length,
    turnaroundMs: sum((one) => one.turnaroundMs) / calls,
    tickP99Ms: most((one) => one.tickP99Ms),
    longestTickMs: most((one) => one.longestTickMs),
    ticks: sum((one) => one.ticks),
    meanPending: most((one) => one.meanPending),
    heapMb: [most(({ heapMb: [half] }) => half), most(({ heapMb: [, end] }) => end)],
  };
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
}
