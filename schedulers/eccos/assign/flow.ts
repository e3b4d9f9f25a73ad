import { Movers } from './movers.js';
import { type Flow, flowOf, loads, type Transport, type Work } from './transport.js';

/** A row keeps its core while that core is best up to rounding, so that ties do not move between solves. */
const TIE = 1e-13;

/**
 * Exact transportation on the cores for fixed prices, by successive shortest paths (dense Dijkstra with potentials).
 *
 * Nodes are the cores and one sink, index `m`; arc j -> sink carries the filled slots of core j, at most `caps[j]`.
 * `x` and `mu` persist between solves, so that a solve at a near price moves few calls.
 * Invariant after `solve`: each row lies only on cores that minimise `w + mu`; `mu[j] > 0` only where core j is full.
 */
export class FlowSolver {
  /** Shadow price of one slot on each core, in units of the solved objective. */
  readonly mu: Float64Array;
  readonly #problem: Transport;
  readonly #work: Work;
  readonly #w: Float64Array;
  readonly #x: Int32Array;
  readonly #movers: Movers;
  readonly #filled: Int32Array;
  readonly #excess: Int32Array;
  readonly #dist: Float64Array;
  readonly #parent: Int32Array;

  constructor(problem: Transport, work: Work) {
    const { rows, m, u, size } = problem;
    this.#problem = problem;
    this.#work = work;
    this.mu = new Float64Array(m);
    this.#w = new Float64Array(rows * m);
    this.#x = new Int32Array(rows * m);
    for (let row = 0; row < rows; row++) {
      let cell = row * m;
      while (u[cell] === Infinity) cell++;
      this.#x[cell] = size[row]!;
    }
    this.#movers = new Movers(m, this.#x, this.#w);
    this.#filled = new Int32Array(m);
    this.#excess = new Int32Array(m + 1);
    this.#dist = new Float64Array(m + 1);
    this.#parent = new Int32Array(m + 1);
  }

  /** Minimises `sum (priceU u + priceV v) x` under the caps; undefined if the caps cannot hold all rows. */
  solve(priceU: number, priceV: number): Flow | undefined {
    const { u, v } = this.#problem;
    this.#work.flows++;
    for (let cell = 0; cell < u.length; cell++) {
      this.#w[cell] = u[cell] === Infinity ? Infinity : priceU * u[cell]! + priceV * v[cell]!;
    }
    this.#moveToBest();
    this.#openSlots();
    if (this.#excess.some((e) => e > 0)) this.#movers.reset();
    while (this.#excess.some((e) => e > 0)) {
      const target = this.#nearestDeficit();
      if (target < 0) return undefined;
      this.#work.augmentations++;
      this.#augment(target);
    }
    return flowOf(this.#problem, this.#x.slice());
  }

  #moveToBest(): void {
    const { rows, m } = this.#problem;
    const mu = this.mu;
    const w = this.#w;
    const x = this.#x;
    for (let row = 0; row < rows; row++) {
      const start = row * m;
      let best = Infinity;
      let bestCell = start;
      let worst = -Infinity;
      for (let j = 0, cell = start; j < m; j++, cell++) {
        const price = w[cell]! + mu[j]!;
        if (price < best) {
          best = price;
          bestCell = cell;
        }
        if (x[cell]! > 0 && price > worst) worst = price;
      }
      if (worst <= best) continue;
      for (let j = 0, cell = start; j < m; j++, cell++) {
        const price = w[cell]! + mu[j]!;
        if (x[cell] === 0 || price <= best + TIE * (Math.abs(w[cell]!) + mu[j]! + Math.abs(best))) continue;
        x[bestCell]! += x[cell]!;
        x[cell] = 0;
      }
    }
  }

  /** Complementary slackness: a priced core counts as full; what its calls do not fill is a deficit. */
  #openSlots(): void {
    const { m, caps, total } = this.#problem;
    const load = loads(this.#problem, this.#x);
    let filled = 0;
    for (let j = 0; j < m; j++) {
      this.#filled[j] = this.mu[j]! > 0 ? caps[j]! : Math.min(load[j]!, caps[j]!);
      this.#excess[j] = load[j]! - this.#filled[j]!;
      filled += this.#filled[j]!;
    }
    this.#excess[m] = filled - total;
  }

  /** Dijkstra from all nodes with excess to the first settled one with a deficit, then the change of potentials. */
  #nearestDeficit(): number {
    const { m, caps } = this.#problem;
    const { cost } = this.#movers;
    const mu = this.mu;
    const dist = this.#dist;
    const parent = this.#parent;
    const settled = new Uint8Array(m + 1);
    for (let j = 0; j <= m; j++) dist[j] = this.#excess[j]! > 0 ? 0 : Infinity;
    parent.fill(-1);
    for (;;) {
      let node = -1;
      for (let j = 0; j <= m; j++) if (!settled[j] && dist[j]! < (node < 0 ? Infinity : dist[node]!)) node = j;
      if (node < 0) return -1;
      const base = dist[node]!;
      if (this.#excess[node]! < 0) {
        const toSink = Math.min(dist[m]!, base);
        for (let j = 0; j < m; j++) mu[j] = Math.max(0, mu[j]! + toSink - Math.min(dist[j]!, base));
        return node;
      }
      settled[node] = 1;
      for (let k = 0; k <= m; k++) {
        if (settled[k]) continue;
        let arc: number;
        if (node === m) arc = this.#filled[k]! > 0 ? mu[k]! : Infinity;
        else if (k === m) arc = this.#filled[node]! < caps[node]! ? -mu[node]! : Infinity;
        else arc = cost[node * m + k]! + mu[k]! - mu[node]!;
        const reach = base + Math.max(0, arc);
        if (reach < dist[k]!) {
          dist[k] = reach;
          parent[k] = node;
        }
      }
    }
  }

  /** Moves as many calls as the path to `target` allows; identical calls move together. */
  #augment(target: number): void {
    const { m, caps } = this.#problem;
    const parent = this.#parent;
    const { row } = this.#movers;
    let amount = -this.#excess[target]!;
    let source = target;
    for (let k = target, j = parent[k]!; j >= 0; k = j, j = parent[k]!) {
      if (j === m) amount = Math.min(amount, this.#filled[k]!);
      else if (k === m) amount = Math.min(amount, caps[j]! - this.#filled[j]!);
      else amount = Math.min(amount, this.#x[row[j * m + k]! * m + j]!);
      source = j;
    }
    amount = Math.min(amount, this.#excess[source]!);
    this.#excess[source]! -= amount;
    this.#excess[target]! += amount;
    const moved: number[] = [];
    for (let k = target, j = parent[k]!; j >= 0; k = j, j = parent[k]!) {
      if (j === m) this.#filled[k]! -= amount;
      else if (k === m) this.#filled[j]! += amount;
      else moved.push(row[j * m + k]!, j, k);
    }
    for (let at = 0; at < moved.length; at += 3) {
      this.#x[moved[at]! * m + moved[at + 1]!]! -= amount;
      this.#x[moved[at]! * m + moved[at + 2]!]! += amount;
    }
    for (let at = 0; at < moved.length; at += 3) {
      const mover = moved[at]!;
      if (this.#x[mover * m + moved[at + 1]!] === 0) this.#movers.left(mover, moved[at + 1]!);
      this.#movers.joined(mover, moved[at + 2]!);
    }
  }
}
