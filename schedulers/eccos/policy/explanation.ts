import type { CoreId } from '../../../syscalls/syscall.js';
import type { CorePrediction } from '../../policy.js';
import type { Basis, Forecast } from './forecast.js';
import type { Bar } from './market.js';
import type { Wait } from './placement.js';
import type { PriceState } from './price-control.js';

/** What one tick knew and decided of one call; lists have an entry a core. */
export interface Choice {
  readonly forecast: Forecast;
  readonly cores: readonly CoreId[];
  readonly slots: readonly number[];
  /** What the time that it is expected to take is worth to calls to come, US dollars. */
  readonly timeUsd: readonly number[];
  readonly price: PriceState;
  /** As it was believed. */
  readonly quality: readonly number[];
  /** Undefined: each core can be used. */
  readonly bars: readonly Bar[] | undefined;
  /** What the risk of missing the deadline costs, US dollars; undefined: there is none. */
  readonly riskUsd: readonly number[] | undefined;
  /** Index of the core; -1 = the call waits. */
  readonly chosen: number;
  /** Why it was treated differently, if it was. */
  readonly note: string | undefined;
}

/** One line for the agent that asked. */
export function reasonOf({ forecast, quality, timeUsd, price, chosen, note }: Choice): string {
  const time = timeUsd[chosen]! > 0 ? `, its time ${dollars(timeUsd[chosen]!)}` : '';
  const missed = price.infeasible ? '; the target is out of reach' : '';
  const line = `quality ${quality[chosen]!.toFixed(3)} for ${dollars(forecast.costUsd(chosen))} expected${time}; quality costs ${dollars(price.lambda)}${missed}`;
  return note === undefined ? line : `${note}; ${line}`;
}

/** The whole decision, a line a core: predictions, prices, and why not this one. */
export function explain(choice: Choice, wait?: Wait): readonly string[] {
  const { forecast, cores, slots, timeUsd, price, quality, chosen, note } = choice;
  const { alpha, aim, lambda, infeasible } = price;
  const target = aim === undefined ? '' : `, aiming at ${aim.toFixed(3)} for alpha ${(alpha ?? aim).toFixed(3)}`;
  const rows = cores.map((core, j) => [
    core,
    quality[j]!.toFixed(3),
    dollars(forecast.costUsd(j)),
    String(slots[j]),
    dollars(timeUsd[j]!),
    dollars(netOf(choice, j)),
    basisOf(forecast.basis(j)),
    j === chosen ? 'chosen' : whyNot(choice, j),
  ]);
  return [
    chosen < 0
      ? `waits${wait === undefined ? `: ${note ?? 'no slot was left for it'}` : waitOf(wait)}`
      : `on ${cores[chosen]}${note ? `: ${note}` : ''}`,
    `price of quality ${dollars(lambda)}${target}${infeasible ? '; the target is out of reach' : ''}`,
    ...aligned([['CORE', 'QUALITY', 'COST', 'SLOTS', 'TIME', 'NET', 'PREDICTED BY', ''], ...rows]),
  ];
}

/** What was expected on each core of which anything is known. */
export function predictionsOf({ forecast, cores, quality, chosen }: Choice): readonly CorePrediction[] {
  const all = cores.map((core, j) => ({
    core,
    quality: quality[j]!,
    costUsd: forecast.costUsd(j),
    chosen: j === chosen,
  }));
  return all.filter((one) => Number.isFinite(one.quality) && Number.isFinite(one.costUsd));
}

/** Such as ` for small: free in about 0.8 s, which costs $0.0001; saves $0.002 against the best free core`. */
function waitOf({ core, seconds, savesUsd, costsUsd }: Wait): string {
  const time = seconds < 9.95 ? seconds.toFixed(1) : seconds.toFixed(0);
  return ` for ${core}: free in about ${time} s, which costs ${dollars(costsUsd)}; saves ${dollars(savesUsd)} against the best free core`;
}

/** What is minimised: cost + risk + its time - price of quality x quality. */
function netOf({ forecast, riskUsd, timeUsd, price, quality }: Choice, j: number): number {
  return forecast.costUsd(j) + (riskUsd?.[j] ?? 0) + timeUsd[j]! - price.lambda * quality[j]!;
}

function whyNot(choice: Choice, j: number): string {
  const { forecast, bars, slots, quality, riskUsd, chosen } = choice;
  if (bars?.[j]) return bars[j];
  if (!Number.isFinite(quality[j]!) || !Number.isFinite(forecast.costUsd(j))) return 'nothing is known of it';
  if (slots[j] === 0) return 'no free slot';
  if (chosen < 0) return 'its slots went to calls that they suit better, or with a greater claim';
  const more = netOf(choice, j) - netOf(choice, chosen);
  if (more <= 0) return 'its time is worth more to other calls';
  const risk = riskUsd === undefined ? 0 : riskUsd[j]! - riskUsd[chosen]!;
  return `${dollars(more)} more, net${risk > 0 ? `, ${dollars(risk)} of it for the risk to its deadline` : ''}`;
}

/** Such as `trained, 12.3 alike up to 0.81`: rated calls that are like this one, and how much the nearest is. */
function basisOf(basis: Basis | undefined): string {
  if (basis === undefined) return 'usual calls';
  const { source, nEffective, similarity } = basis;
  return similarity === null ? source : `${source}, ${nEffective.toFixed(1)} alike up to ${similarity.toFixed(2)}`;
}

function dollars(value: number): string {
  return `${value < 0 ? '-' : ''}$${Number(Math.abs(value).toPrecision(3))}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const padded = rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)));
  return padded.map((row) => row.join('  ').trimEnd());
}
