import { loads, type Placement, place, type Transport } from './transport.js';

/**
 * Moves calls one by one to cores with a free slot: first off cores over their cap, where it costs least; then, as long
 * as the limit is broken, wherever a unit of `v` costs least. It may end before all holds.
 */
export function greedyRepair(problem: Transport, placement: Placement): Placement {
  const { rows, m, u, v, caps, limit } = problem;
  const x = placement.x.slice();
  const load = loads(problem, x);
  let sumV = placement.v;

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
  return place(problem, x);
}
