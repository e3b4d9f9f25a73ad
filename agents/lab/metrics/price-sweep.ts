import type { Frontier } from './envelope.js';
import type { Outcomes, Predictions, Weights } from './outcomes.js';

/** Points of a sweep that has more breakpoints than this are taken at equal numbers of switches. */
const MOST_POINTS = 512;

/** Records that change their model as the price of quality grows. */
interface Switches {
  /** Price of quality, US dollars, at which the record changes. */
  readonly price: Float64Array;
  readonly record: Int32Array;
  /** What the change adds to the realised cost and score. */
  readonly cost: Float64Array;
  readonly score: Float64Array;
}

/**
 * One global price of quality lambda, without caps: each record goes to the model of the least
 * `predicted cost - lambda x predicted quality`, and its real cost and score are looked up.
 *
 * Lambda goes from 0 to infinity through the breakpoints themselves: a record moves along the concave hull of its own
 * (cost, quality) pairs, at prices that are the slopes of that hull. All breakpoints are used up to 511 different ones; of more,
 * every one is still passed, and the totals are read 512 times, at equal numbers of switches.
 *
 * @param records those to be routed, each answered by every model
 * @returns the frontier for weights of the records, mean cost and score by weight; null where nothing is predicted for
 * one of the records, so that it cannot be routed
 */
export function priceSweep(
  outcomes: Outcomes,
  { quality, costMean }: Pick<Predictions, 'quality' | 'costMean'>,
  records: Int32Array,
): ((weights: Weights) => Frontier) | null {
  const { models, score, costUsd } = outcomes;
  const startCost = new Float64Array(records.length);
  const startScore = new Float64Array(records.length);
  const switches: { price: number; record: number; cost: number; score: number }[] = [];
  for (const [i, record] of records.entries()) {
    const from = record * models;
    const hull = hullOf(quality.subarray(from, from + models), costMean.subarray(from, from + models));
    if (hull.length === 0) return null;
    let { model } = hull[0]!;
    startCost[i] = costUsd[from + model]!;
    startScore[i] = score[from + model]!;
    for (const step of hull.slice(1)) {
      switches.push({
        price: step.price,
        record,
        cost: costUsd[from + step.model]! - costUsd[from + model]!,
        score: score[from + step.model]! - score[from + model]!,
      });
      model = step.model;
    }
  }
  switches.sort((a, b) => a.price - b.price || a.record - b.record);
  const sorted: Switches = {
    price: Float64Array.from(switches, ({ price }) => price),
    record: Int32Array.from(switches, ({ record }) => record),
    cost: Float64Array.from(switches, ({ cost }) => cost),
    score: Float64Array.from(switches, ({ score }) => score),
  };
  const ends = readingsOf(sorted.price);
  return (weights) => {
    const cost = new Float64Array(ends.length);
    const quality = new Float64Array(ends.length);
    let total = 0;
    let sumCost = 0;
    let sumScore = 0;
    for (let i = 0; i < records.length; i++) {
      const weight = weights[records[i]!]!;
      total += weight;
      sumCost += weight * startCost[i]!;
      sumScore += weight * startScore[i]!;
    }
    for (let point = 0, at = 0; point < ends.length; point++) {
      for (; at < ends[point]!; at++) {
        const weight = weights[sorted.record[at]!]!;
        sumCost += weight * sorted.cost[at]!;
        sumScore += weight * sorted.score[at]!;
      }
      cost[point] = sumCost / total;
      quality[point] = sumScore / total;
    }
    return { cost, quality };
  };
}

interface Step {
  readonly model: number;
  /** From this price on the model is the best. */
  readonly price: number;
}

/** The models of a record that are the best one at some price, from the cheapest to the most accurate. */
function hullOf(quality: Float64Array, cost: Float64Array): Step[] {
  const known = Array.from(quality.keys()).filter((j) => !Number.isNaN(quality[j]!) && !Number.isNaN(cost[j]!));
  known.sort((a, b) => cost[a]! - cost[b]! || quality[b]! - quality[a]! || a - b);
  const hull: Step[] = [];
  for (const model of known) {
    let price = 0;
    for (;;) {
      const top = hull.at(-1);
      if (top === undefined) break;
      const gained = quality[model]! - quality[top.model]!;
      if (gained <= 0) {
        price = Infinity;
        break;
      }
      price = (cost[model]! - cost[top.model]!) / gained;
      if (hull.length === 1 || price > top.price) break;
      hull.pop();
    }
    if (price < Infinity) hull.push({ model, price });
  }
  return hull;
}

/** How many switches have been made at each reading: none, then whole groups of one price, all in the end. */
function readingsOf(price: Float64Array): Int32Array {
  const ends = [0];
  const stride = price.length / (MOST_POINTS - 1);
  for (let at = 1; at <= price.length; at++) {
    const groupEnds = at === price.length || price[at]! > price[at - 1]!;
    if (groupEnds && (at >= ends.length * stride || at === price.length)) ends.push(at);
  }
  return Int32Array.from(ends);
}
