import type { Figure } from '../../agents/lab/metrics/statistics.js';
import { type Harm, isHarmless, MOST_HARM, poisoning } from '../../agents/lab/poisoning/poisoning.js';

/**
 * What one party's false ratings do to others: ten attacks in virtual time.
 *
 * @param args calls of each honest tenant, seeds, policy
 */
export async function run([calls = '600', seeds = '5', policy = 'eccos']: readonly string[]): Promise<void> {
  const harms = await poisoning({ calls: Number(calls), seeds: Number(seeds), policy }, () =>
    process.stderr.write('.'),
  );
  process.stderr.write('\n');
  console.log(`${policy}, ${calls} calls a tenant, ${seeds} seeds; means [95 % intervals over seeds]`);
  console.log('attack | tenant | quality before, after | points | $ per 1,000 calls before, after | cost ratio | ');
  for (const harm of harms) console.log(lineOf(harm));
  console.log(`gate: quality within ${MOST_HARM.points} point, cost within ${100 * MOST_HARM.cost} %, on the mean`);
}

function lineOf(harm: Harm): string {
  const { attack, tenant, before, after, points, ratio } = harm;
  return [
    attack.padEnd(30),
    tenant.padEnd(6),
    `${before.quality.toFixed(3)} ${after.quality.toFixed(3)}`,
    show(points, 1),
    `${before.costPer1000.toFixed(3)} ${after.costPer1000.toFixed(3)}`,
    show(ratio, 2),
    isHarmless(harm) ? 'met' : 'MISSED',
  ].join(' | ');
}

function show({ mean, low, high }: Figure, digits: number): string {
  const interval = low === null || high === null ? '' : ` [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
  return `${mean.toFixed(digits)}${interval}`;
}
