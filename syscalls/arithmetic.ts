const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  cos: Math.cos,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log: Math.log10,
  round: Math.round,
  sin: Math.sin,
  sqrt: Math.sqrt,
  tan: Math.tan,
};
const CONSTANTS: Readonly<Record<string, number>> = { e: Math.E, pi: Math.PI };
const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|(\*\*|[-+*/%^()]))/iy;

/** Functions that an expression may call. */
export const FUNCTION_NAMES = Object.keys(FUNCTIONS);

/**
 * The value of an arithmetic expression, by recursive descent: sum > product > sign > power > atom.
 *
 * @throws SyntaxError that says what was expected where; RangeError for a value that is not finite
 */
export function evaluate(expression: string): number {
  const parser = new Parser(tokens(expression));
  const value = parser.sum();
  parser.end();
  if (!Number.isFinite(value)) throw new RangeError(`Expected a finite value, got ${value}`);
  return value;
}

function tokens(expression: string): string[] {
  const text = expression.trimEnd();
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(text);
    if (token === null) throw new SyntaxError(`Expected a number, name or operator at "${text.slice(at, at + 10)}"`);
    found.push(token[0].trim().toLowerCase());
  }
  return found;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  sum(): number {
    let value = this.#product();
    for (;;) {
      if (this.#take('+')) value += this.#product();
      else if (this.#take('-')) value -= this.#product();
      else return value;
    }
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw this.#expected('an operator or the end');
  }

  #product(): number {
    let value = this.#signed();
    for (;;) {
      if (this.#take('*')) value *= this.#signed();
      else if (this.#take('/')) value /= this.#signed();
      else if (this.#take('%')) value %= this.#signed();
      else return value;
    }
  }

  #signed(): number {
    if (this.#take('-')) return -this.#signed();
    if (this.#take('+')) return this.#signed();
    return this.#power();
  }

  /** Binds to the right, and tighter than a sign before it: -2^2 = -4. */
  #power(): number {
    const base = this.#atom();
    return this.#take('^') || this.#take('**') ? base ** this.#signed() : base;
  }

  #atom(): number {
    if (this.#take('(')) return this.#closed(this.sum());
    const token = this.#tokens[this.#at] ?? '';
    if (Object.hasOwn(FUNCTIONS, token)) {
      this.#at++;
      if (!this.#take('(')) throw this.#expected('(');
      return FUNCTIONS[token]?.(this.#closed(this.sum())) ?? Number.NaN;
    }
    const value = Object.hasOwn(CONSTANTS, token) ? CONSTANTS[token] : Number.parseFloat(token);
    if (value === undefined || Number.isNaN(value)) throw this.#expected('a number, a name or (');
    this.#at++;
    return value;
  }

  #closed(value: number): number {
    if (!this.#take(')')) throw this.#expected(')');
    return value;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expected(what: string): SyntaxError {
    const token = this.#tokens[this.#at];
    return new SyntaxError(`Expected ${what}, got ${token === undefined ? 'the end' : `"${token}"`}`);
  }
}
