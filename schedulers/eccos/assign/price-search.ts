import { FlowSolver } from './flow.js';
import { type Flow, meanRange, type Transport, type Work } from './transport.js';

/** Prices to start from; wrong ones cost time, never the answer. */
export interface Prices {
  /** Price of one unit of `v`. */
  readonly lambda: number;
  /** Price of one slot on each core. */
  readonly mu: Float64Array;
}

/**
 * Optimal prices and the two flows around them: `under` keeps the limit, `over` does not (absent when the limit
 * costs nothing). Both minimise `u + lambda v + mu`; the optimum of the linear program is a mixture of them.
 */
export interface Priced extends Prices {
  readonly under: Flow;
  readonly over: Flow | undefined;
  /** The limit that was held: the given one or, where that is out of reach, the least reachable `sum v x`. */
  readonly limit: number;
}

const MAX_SOLVES = 200;
const MAX_GROWTH_STEPS = 5;
/** The dual function meets its upper line up to this share of the terms that it is summed from. */
const TOUCH = 1e-11;

/** From this many rows on, the prices of a sample save more work than they cost. */
const WORTH_FROM = 768;
const LEAST_ROWS = 256;

/** Finds the optimal price of `v`, or undefined if the caps cannot hold all rows. */
export function searchPrice(problem: Transport, work: Work, warm?: Prices): Priced | undefined {
  return new PriceSearch(problem, work).run(warm);
}

/** A bracket of the price: first grown around a guess, then closed by secants on the concave dual function. */
class PriceSearch {
  readonly #problem: Transport;
  readonly #flow: FlowSolver;
  readonly #work: Work;
  /** Natural unit of the price: dollars of spread for each unit of quality spread. */
  readonly #unit: number;
  #limit: number;
  #lambda = 0;
  #over: Flow | undefined;
  #overLambda = 0;
  #under: Flow | undefined;
  #underLambda = Infinity;

  constructor(problem: Transport, work: Work) {
    this.#problem = problem;
    this.#work = work;
    this.#flow = new FlowSolver(problem, work);
    this.#limit = problem.limit;
    const spread = meanRange(problem, problem.v);
    this.#unit = spread > 0 ? meanRange(problem, problem.u) / spread : 0;
  }

  run(warm: Prices | undefined): Priced | undefined {
    const start = this.#usable(warm) ?? this.#usable(this.#sampled());
    if (start) this.#flow.mu.set(start.mu);
    if (!this.#solve(start?.lambda ?? 0)) return undefined;
    this.#shrink();
    if (this.#over) {
      if (!this.#under) this.#grow();
      if (!this.#under) this.#takeLeast();
    }
    if (this.#over) this.#close();
    const mu = this.#flow.mu.slice();
    return { lambda: this.#lambda, mu, under: this.#under!, over: this.#over, limit: this.#limit };
  }

  #sampled(): Prices | undefined {
    const sample = sampleOf(this.#problem);
    const found = sample && searchPrice(sample, this.#work);
    return found?.limit === sample?.limit ? found : undefined;
  }

  /** Prices far out of scale would drown the real ones in rounding. */
  #usable(prices: Prices | undefined): Prices | undefined {
    if (!prices || prices.lambda > 1e6 * this.#unit) return undefined;
    if (prices.lambda > 0 && prices.lambda < 1e-6 * this.#unit) return undefined;
    const most = 1e6 * meanRange(this.#problem, this.#problem.u);
    return prices.mu.every((price) => price <= most) ? prices : undefined;
  }

  #solve(lambda: number): Flow | undefined {
    const found = this.#flow.solve(1, lambda);
    if (!found) return undefined;
    this.#lambda = lambda;
    if (found.v > this.#limit) {
      this.#over = found;
      this.#overLambda = lambda;
    } else {
      this.#under = found;
      this.#underLambda = lambda;
    }
    return found;
  }

  /** Lowers the price until the limit breaks; if it holds even at price 0, that flow is optimal. */
  #shrink(): void {
    for (let power = 1; !this.#over && this.#lambda > 0; power *= 3) {
      this.#solve(power > 250 ? 0 : this.#lambda * 0.97 ** power);
    }
  }

  #grow(): void {
    const guessed = this.#lambda > 0;
    let factor = guessed ? 1.03 : 4;
    let lambda = guessed ? this.#lambda * factor : this.#unit / 20;
    for (let step = 0; !this.#under && lambda > 0 && step < MAX_GROWTH_STEPS; step++) {
      this.#solve(lambda);
      lambda *= factor;
      factor = Math.min(64, factor ** 3);
    }
  }

  /** Least `sum v x` under the caps: integral, so this decides exactly whether the limit can be kept. */
  #takeLeast(): void {
    const { mu } = this.#flow;
    const kept = mu.slice();
    if (this.#lambda > 0) for (let j = 0; j < mu.length; j++) mu[j]! /= this.#lambda;
    const least = this.#flow.solve(0, 1)!;
    mu.set(kept);
    this.#under = least;
    if (least.v <= this.#limit) return;
    this.#limit = least.v + 1e-12 * Math.abs(least.v);
    if (this.#over!.v > this.#limit) return;
    this.#under = this.#over!;
    this.#over = undefined;
  }

  /** Secants end at the exact breakpoint; a geometric mean now and then guards against a slow one-sided approach. */
  #close(): void {
    for (let step = 1; step < MAX_SOLVES; step++) {
      const over = this.#over!;
      const under = this.#under!;
      const middle = Math.sqrt(this.#overLambda * this.#underLambda);
      if (step % 3 === 0 && middle > 0 && middle < Infinity && this.#underLambda > 1.05 * this.#overLambda) {
        this.#solve(middle);
        continue;
      }
      const lambda = Math.max(0, (under.u - over.u) / (over.v - under.v));
      const line = over.u + lambda * (over.v - this.#limit);
      const found = this.#solve(lambda)!;
      const scale = Math.abs(over.u) + lambda * (Math.abs(over.v) + Math.abs(this.#limit));
      if (found.u + lambda * (found.v - this.#limit) >= line - TOUCH * scale) return;
    }
  }
}

/** Every fourth row or so, with caps and limit in proportion; its prices are near those of the whole problem. */
function sampleOf(problem: Transport): Transport | undefined {
  const { rows, m } = problem;
  if (rows < WORTH_FROM) return undefined;
  const sampled = Math.max(LEAST_ROWS, Math.floor(rows / 4));
  const u = new Float64Array(sampled * m);
  const v = new Float64Array(sampled * m);
  const size = new Int32Array(sampled);
  let total = 0;
  for (let to = 0; to < sampled; to++) {
    const from = Math.floor((to * rows) / sampled);
    u.set(problem.u.subarray(from * m, from * m + m), to * m);
    v.set(problem.v.subarray(from * m, from * m + m), to * m);
    size[to] = problem.size[from]!;
    total += size[to]!;
  }
  const share = total / problem.total;
  const caps = problem.caps.map((cap) => Math.min(total, Math.ceil(cap * share)));
  return { rows: sampled, m, u, v, size, caps, total, limit: problem.limit * share };
}
