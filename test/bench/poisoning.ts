import type { Figure } from '../../agents/lab/metrics/statistics.js';
import { type Harm, isHarmless, MOST_HARM, type Move, poisoning } from '../../agents/lab/poisoning/poisoning.js';

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
  console.log('quality and US dollars per 1,000 calls under attack; beside the same calls unrated, and honestly rated');
  for (const harm of harms) console.log(lineOf(harm));
  const { points, cost } = MOST_HARM;
  console.log(`gate, beside unrated calls: quality within ${points} point, cost within ${100 * cost} %, on the mean`);
}

function lineOf({ attack, tenant, attacked, beside: { unrated, honest } }: Harm): string {
  return [
    attack.padEnd(30),
    tenant.padEnd(6),
    `${attacked.quality.toFixed(3)} $${attacked.costPer1000.toFixed(3)}`,
    `unrated ${moveOf(unrated)}`,
    isHarmless(unrated) ? 'met' : 'MISSED',
    `honest ${moveOf(honest)}`,
  ].join(' | ');
}

function moveOf({ control, points, ratio }: Move): string {
  return `${control.quality.toFixed(3)}: ${show(points, 1)} points, cost x ${show(ratio, 2)}`;
}

function show({ mean, low, high }: Figure, digits: number): string {
  const interval = low === null || high === null ? '' : ` [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
  return `${mean.toFixed(digits)}${interval}`;
}
