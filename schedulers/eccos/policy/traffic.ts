import type { SchedulableCore } from '../../policy.js';
import { type RecentCall, unknownAmong } from './forecasts.js';
import type { MarketInputs } from './market.js';
import type { Sample } from './price-signals.js';
import type { ServiceTimes } from './service-times.js';

/** What traffic looks like: these calls, as they are believed now. */
export function sampleOf(
  rows: readonly RecentCall[],
  cores: readonly SchedulableCore[],
  qualityOf: MarketInputs['qualityOf'],
): Sample {
  const m = cores.length;
  const quality = new Float64Array(rows.length * m);
  const costUsd = new Float64Array(rows.length * m);
  const believed = rows.map(({ tenant }) => qualityOf(tenant));
  for (const [j, { id }] of cores.entries()) {
    for (let i = 0, cell = j; i < rows.length; i++, cell += m) {
      const { eligible, forecast } = rows[i] as RecentCall;
      quality[cell] = believed[i]!(id, eligible.includes(id) ? forecast.logits[j]! : Number.NaN);
      costUsd[cell] = forecast.costUsd[j]!;
    }
  }
  return { n: rows.length, m, quality, costUsd, unknown: unknownAmong(rows) / Math.max(1, rows.length) };
}

/** Seconds that the calls are expected to take on each core, row-major; 0: nothing is known. */
export function secondsOf(
  rows: readonly RecentCall[],
  cores: readonly SchedulableCore[],
  times: Pick<ServiceTimes, 'expectedS'>,
): Float64Array {
  const m = cores.length;
  const seconds = new Float64Array(rows.length * m);
  for (const [j, { id }] of cores.entries()) {
    for (let i = 0, cell = j; i < rows.length; i++, cell += m) {
      seconds[cell] = times.expectedS(id, (rows[i] as RecentCall).forecast.tokensMean[j]!);
    }
  }
  return seconds;
}
