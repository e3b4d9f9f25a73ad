import type { SchedulableCore } from '../../policy.js';
import { type RecentCall, unknownAmong } from './forecasts.js';
import { type MarketInputs, openTo } from './market.js';
import { memoized } from './memoized.js';
import type { Sample } from './price-signals.js';
import type { ServiceTimes } from './service-times.js';

/** What traffic looks like: these calls, as they are believed now. */
export function sampleOf(
  rows: readonly RecentCall[],
  cores: readonly SchedulableCore[],
  qualityOf: MarketInputs['qualityOf'],
): Sample {
  const m = cores.length;
  const ids = cores.map(({ id }) => id);
  const quality = new Float64Array(rows.length * m);
  const costUsd = new Float64Array(rows.length * m);
  const believedBy = memoized((tenant: string) => qualityOf(tenant, ids));
  for (const [i, { tenant, eligible, forecast }] of rows.entries()) {
    const believed = believedBy(tenant);
    const isOpen = openTo(eligible, ids);
    for (let j = 0, cell = i * m; j < m; j++, cell++) {
      quality[cell] = isOpen(j) ? believed(j, forecast.logit(j)) : Number.NaN;
      costUsd[cell] = forecast.costUsd(j);
    }
  }
  return { n: rows.length, m, quality, costUsd, unknown: unknownAmong(rows) / Math.max(1, rows.length) };
}

/** Seconds that the calls are expected to take on each core, row-major; 0: nothing is known. */
export function secondsOf(
  rows: readonly RecentCall[],
  cores: readonly SchedulableCore[],
  times: Pick<ServiceTimes, 'expected'>,
): Float64Array {
  const m = cores.length;
  const seconds = new Float64Array(rows.length * m);
  const expected = times.expected(cores.map(({ id }) => id));
  for (const [i, { forecast }] of rows.entries()) {
    for (let j = 0; j < m; j++) seconds[i * m + j] = expected(j, forecast.tokensMean(j));
  }
  return seconds;
}
