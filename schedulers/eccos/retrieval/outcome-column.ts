/** The outcome of one rated call: quality 0 to 1, and the tokens of its answer. */
export interface Outcome {
  readonly score: number;
  readonly outputTokens: number;
}

/** Outcomes in sum. `logTokens` is the mean of ln max(1, tokens), `squares` the sum of their squared deviations from it. */
export interface Sample {
  readonly count: number;
  readonly quality: number;
  readonly logTokens: number;
  readonly squares: number;
}

/** The outcomes of one model, by slot, with their running sums. */
export class OutcomeColumn {
  #scores: Float64Array = new Float64Array(64).fill(Number.NaN);
  #tokens: Uint32Array = new Uint32Array(64);
  #count = 0;
  #scoreSum = 0;
  #logSum = 0;
  #logSquares = 0;

  /** Slots with an outcome. */
  get count(): number {
    return this.#count;
  }

  at(slot: number): Outcome | undefined {
    const score = this.#scores[slot];
    if (score === undefined || Number.isNaN(score)) return undefined;
    return { score, outputTokens: this.#tokens[slot] as number };
  }

  set(slot: number, { score, outputTokens }: Outcome): void {
    this.clear(slot);
    if (slot >= this.#scores.length) this.#grow(slot + 1);
    this.#scores[slot] = score;
    this.#tokens[slot] = outputTokens;
    this.#add(1, score, outputTokens);
  }

  clear(slot: number): void {
    const held = this.at(slot);
    if (held === undefined) return;
    this.#scores[slot] = Number.NaN;
    this.#tokens[slot] = 0;
    this.#add(-1, held.score, held.outputTokens);
  }

  /** At least one outcome must be there. */
  sample(): Sample {
    const logTokens = this.#logSum / this.#count;
    const squares = Math.max(0, this.#logSquares - this.#count * logTokens * logTokens);
    return { count: this.#count, quality: this.#scoreSum / this.#count, logTokens, squares };
  }

  #add(sign: 1 | -1, score: number, outputTokens: number): void {
    const log = logOfTokens(outputTokens);
    this.#count += sign;
    this.#scoreSum += sign * score;
    this.#logSum += sign * log;
    this.#logSquares += sign * log * log;
  }

  #grow(least: number): void {
    const length = Math.max(least, 2 * this.#scores.length);
    const scores = new Float64Array(length).fill(Number.NaN);
    const tokens = new Uint32Array(length);
    scores.set(this.#scores);
    tokens.set(this.#tokens);
    this.#scores = scores;
    this.#tokens = tokens;
  }
}

/** ln max(1, tokens): an empty answer counts as one token. */
export function logOfTokens(outputTokens: number): number {
  return Math.log(Math.max(1, outputTokens));
}
