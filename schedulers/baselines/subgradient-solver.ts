import type { Prices } from '../eccos/assign/price-search.js';
import { type AssignmentProblem, toTask } from '../eccos/assign/problem.js';
import { servedSet } from '../eccos/assign/served-set.js';
import {
  expand,
  type Flow,
  flowOf,
  loads,
  meanRange,
  mergeRows,
  noWork,
  type Transport,
} from '../eccos/assign/transport.js';
import { type AssignmentSolution, reduce, toSolution } from '../eccos/optimizer/solution.js';

const ITERATIONS = 200;

/**
 * The published method, as a baseline: Lagrangian prices for the caps and the target, raised and lowered by
 * subgradient steps along the normalised violations, and every call on its own best core at the last prices. That may
 * break caps and miss the target (`infeasible`); with `repair` calls are then moved greedily until both hold, if they can.
 *
 * @throws TypeError as `solveAssignment` does.
 */
export function solveSubgradient(
  input: AssignmentProblem,
  { repair = false }: { readonly repair?: boolean } = {},
): AssignmentSolution {
  const task = toTask(input);
  const { served, unservable } = servedSet(task);
  const merged = mergeRows(task, served);
  const { problem } = merged;
  const { last, prices, bound } = ascend(problem);
  const found = repair ? greedyRepair(problem, last) : last;
  const capsHold = loads(problem, found.x).every((load, j) => load <= problem.caps[j]!);
  return toSolution(task, {
    status: capsHold && found.v <= problem.limit ? 'solved' : 'infeasible',
    assignment: expand(merged, found.x, task.n),
    bound,
    lambda: task.form.kind === 'lambda' ? task.form.value : prices.lambda,
    mu: prices.mu,
    exact: false,
    unservable,
    work: { ...noWork(problem), flows: ITERATIONS },
  });
}

/** Steps of length `1 / sqrt(t)` in units of the spreads; the bound is the best dual value on the way. */
function ascend(problem: Transport): { last: Flow; prices: Prices; bound: number } {
  const { m, u, caps, limit, total } = problem;
  const muUnit = meanRange(problem, u) || 1;
  const vUnit = meanRange(problem, problem.v) || 1;
  const mu = new Float64Array(m);
  let lambda = 0;
  let last = cheapest(problem, lambda, mu);
  let bound = reduce(problem, limit, lambda, mu).bound;
  let prices = { lambda, mu: mu.slice() };
  for (let t = 1; t <= ITERATIONS; t++) {
    const load = loads(problem, last.x);
    const slope = Float64Array.from(caps, (cap, j) => (load[j]! - cap) / total);
    const slopeV = (last.v - limit) / (total * vUnit);
    const step = 1 / (Math.sqrt(t) * (Math.hypot(slopeV, ...slope) || 1));
    lambda = Math.max(0, lambda + (step * slopeV * muUnit) / vUnit);
    for (let j = 0; j < m; j++) mu[j] = Math.max(0, mu[j]! + step * slope[j]! * muUnit);
    last = cheapest(problem, lambda, mu);
    const dual = reduce(problem, limit, lambda, mu).bound;
    if (dual > bound) {
      bound = dual;
      prices = { lambda, mu: mu.slice() };
    }
  }
  return { last, prices, bound };
}

/** Every row on its own best core, caps or not. */
function cheapest(problem: Transport, lambda: number, mu: Float64Array): Flow {
  const { rows, m, u, v, size } = problem;
  const x = new Int32Array(rows * m);
  for (let row = 0; row < rows; row++) {
    let best = row * m;
    let least = Infinity;
    for (let cell = row * m; cell < row * m + m; cell++) {
      const price = u[cell]! + lambda * v[cell]! + mu[cell % m]!;
      if (price < least) {
        least = price;
        best = cell;
      }
    }
    x[best] = size[row]!;
  }
  return flowOf(problem, x);
}

/**
 * Moves calls one by one to cores with a free slot: first off cores over their cap, where it costs least; then, as long
 * as the limit is broken, wherever a unit of `v` costs least. It may end before all holds.
 */
function greedyRepair(problem: Transport, flow: Flow): Flow {
  const { rows, m, u, v, caps, limit } = problem;
  const x = flow.x.slice();
  const load = loads(problem, x);
  let sumV = flow.v;

  const pass = (worth: (from: number, to: number) => number, wanted: (core: number) => boolean): boolean => {
    const moves: { from: number; to: number; price: number }[] = [];
    for (let row = 0; row < rows; row++) {
      for (let from = row * m; from < row * m + m; from++) {
        if (x[from] === 0 || !wanted(from % m)) continue;
        for (let to = row * m; to < row * m + m; to++) {
          const price = worth(from, to);
          if (to !== from && price < Infinity && load[to % m]! < caps[to % m]!) moves.push({ from, to, price });
        }
      }
    }
    let moved = false;
    for (const { from, to } of moves.sort((a, b) => a.price - b.price)) {
      while (x[from]! > 0 && wanted(from % m) && load[to % m]! < caps[to % m]!) {
        x[from]!--;
        x[to]!++;
        load[from % m]!--;
        load[to % m]!++;
        sumV += v[to]! - v[from]!;
        moved = true;
      }
    }
    return moved;
  };
  const cost = (from: number, to: number): number => u[to]! - u[from]!;
  const costOfV = (from: number, to: number): number => {
    const gain = v[from]! - v[to]!;
    return gain > 0 ? (u[to]! - u[from]!) / gain : Infinity;
  };
  while (pass(cost, (core) => load[core]! > caps[core]!));
  while (sumV > limit && pass(costOfV, () => sumV > limit));
  return flowOf(problem, x);
}
