import type { CoreId } from '../../../syscalls/syscall.js';

/** One answer as it was served. */
interface Served {
  readonly core: CoreId;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly serviceMs: number;
}

/** Intercept, input tokens, output tokens. */
const TERMS = 3;
/** A core with fewer answers takes what all of them together take. */
const FEW = 10;
/** Keeps the normal equations regular where all inputs are of one length. */
const RIDGE = 1e-6;
const LEAST_S = 1e-3;

/** What time answers take on each core: least squares over input and output tokens, from answers that were served. */
export class ServiceFit {
  readonly #all = new Sums();
  readonly #byCore = new Map<CoreId, Sums>();
  readonly #solved = new Map<CoreId, Float64Array>();

  learn(served: Served): void {
    const sums = this.#byCore.get(served.core) ?? new Sums();
    this.#byCore.set(served.core, sums);
    sums.add(served);
    this.#all.add(served);
    this.#solved.clear();
  }

  /** Seconds of an answer of so many tokens. */
  seconds(core: CoreId, inputTokens: number, outputTokens: number): number {
    const [base = 0, input = 0, output = 0] = this.#termsOf(core);
    return Math.max(LEAST_S, (base + input * inputTokens + output * outputTokens) / 1000);
  }

  #termsOf(core: CoreId): Float64Array {
    const known = this.#solved.get(core);
    if (known !== undefined) return known;
    const own = this.#byCore.get(core);
    const terms = (own !== undefined && own.count >= FEW ? own : this.#all).solve();
    this.#solved.set(core, terms);
    return terms;
  }
}

/** Normal equations, row by row with the right-hand side behind each row. */
class Sums {
  count = 0;
  readonly #rows = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 1));

  add({ inputTokens, outputTokens, serviceMs }: Served): void {
    this.count++;
    const values = [1, inputTokens, outputTokens, serviceMs];
    for (const [i, row] of this.#rows.entries())
      for (const [j, value] of values.entries()) row[j]! += values[i]! * value;
  }

  solve(): Float64Array {
    const rows = this.#rows.map((row, i) => row.map((value, j) => (i === j ? value * (1 + RIDGE) + RIDGE : value)));
    // Positive definite: no pivots are needed.
    for (let i = 0; i < TERMS; i++) {
      for (let k = 0; k < TERMS; k++) {
        if (k === i) continue;
        const factor = rows[k]![i]! / rows[i]![i]!;
        for (let j = i; j <= TERMS; j++) rows[k]![j]! -= factor * rows[i]![j]!;
      }
    }
    return Float64Array.from(rows, (row, i) => row[TERMS]! / row[i]!);
  }
}
