/**
 * Which core serves which pending call. Matrices are row-major: call `i` on core `j` is at `i * m + j`.
 * Exactly one of `alpha`, `budget` and `lambda` chooses the form.
 */
export interface AssignmentProblem {
  /** Number of pending calls. */
  readonly n: number;
  /** Number of cores. */
  readonly m: number;
  /** Dollars, n x m. A pair whose cost or quality is not finite, or beyond 1e100, is forbidden. */
  readonly cost: ArrayLike<number>;
  /** Predicted quality, n x m, 0 to 1. */
  readonly quality: ArrayLike<number>;
  /** Free slots of each core, m; Infinity means n; fractions are cut off, negatives count as 0. */
  readonly caps: ArrayLike<number>;
  /** Reach this mean quality over the calls that are served, at least cost. */
  readonly alpha?: number;
  /** Reach the best total quality for at most so many dollars. */
  readonly budget?: number;
  /** Minimise `cost - lambda * quality`: dollars for each unit of quality, from 0 up. */
  readonly lambda?: number;
  /** Pairs that may be used, n x m, true or 1. @default all */
  readonly allowed?: ArrayLike<boolean | number>;
  /** Least quality of each call, n. @default no floor */
  readonly minQuality?: ArrayLike<number>;
  /** When slots are short, calls with the larger `priority + age` are served, n. @default 0 */
  readonly priority?: ArrayLike<number>;
  /** Time waited, in the unit that is worth one point of priority, n. @default 0 */
  readonly age?: ArrayLike<number>;
  /** Calls that go before all others, oldest first, n. @default none */
  readonly overdue?: ArrayLike<boolean | number>;
  /** Prices of an earlier, similar problem, for example its whole solution. Unusable ones are ignored. */
  readonly warm?: { readonly lambda: number; readonly mu: ArrayLike<number> };
  /** Relative gap at which improving stops; 0 looks for the optimum. @default 1e-5 */
  readonly relGap?: number;
}

/** Pairs beyond this are forbidden like infinite ones, and what is below its inverse counts as 0. */
export const LARGEST = 1e100;

/** What is minimised (`u`) and what is limited (`v`), both linear in cost and quality. */
export interface Form {
  readonly kind: 'alpha' | 'budget' | 'lambda';
  readonly value: number;
  readonly uCost: number;
  readonly uQuality: number;
  readonly vCost: number;
  readonly vQuality: number;
}

/** The lambda form without a price of quality. */
const LEAST_COST: Form = { kind: 'lambda', value: 0, uCost: 1, uQuality: 0, vCost: 0, vQuality: 0 };

/** A problem whose fields were checked: typed, of the right lengths, without NaN where NaN means nothing. */
export interface Task {
  readonly n: number;
  readonly m: number;
  readonly cost: ArrayLike<number>;
  readonly quality: ArrayLike<number>;
  readonly caps: Int32Array;
  /** 1 where the pair may be used if the core has a slot. */
  readonly eligible: Uint8Array;
  /** Calls in the order of their claim on a slot. */
  readonly order: Int32Array;
  readonly form: Form;
  readonly relGap: number;
}

/**
 * Checks a problem and turns it into a task.
 * @throws TypeError naming field, rule and value.
 */
export function toTask(problem: AssignmentProblem): Task {
  const { n, m, cost, quality, relGap = 1e-5 } = problem;
  for (const [field, value] of Object.entries({ n, m })) {
    expect(Number.isSafeInteger(value) && value >= 0, field, 'be an integer from 0 up', value);
  }
  expectLength('cost', cost, n * m);
  expectLength('quality', quality, n * m);
  expectLength('caps', problem.caps, m);
  expect(relGap >= 0 && relGap < Infinity, 'relGap', 'be a finite number from 0 up', relGap);
  const caps = Int32Array.from(problem.caps, (cap, j) => {
    expect(!Number.isNaN(cap), `caps[${j}]`, 'be a number', cap);
    return Math.min(Math.max(Math.floor(cap), 0), n);
  });
  const eligible = eligibility(problem);
  return { n, m, cost, quality, caps, eligible, order: servingOrder(problem), form: formOf(problem), relGap };
}

function formOf({ alpha, budget, lambda }: AssignmentProblem): Form {
  const given = Object.entries({ alpha, budget, lambda }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    const names = given.map(([field]) => `\`${field}\``).join(' and ') || 'none';
    throw new TypeError(`Expected exactly one of \`alpha\`, \`budget\` and \`lambda\`, got ${names}`);
  }
  if (alpha !== undefined) {
    expect(Number.isFinite(alpha), 'alpha', 'be a finite number', alpha);
    return { kind: 'alpha', value: alpha, uCost: 1, uQuality: 0, vCost: 0, vQuality: -1 };
  }
  if (budget !== undefined) {
    expect(budget > -Infinity, 'budget', 'be a number above -Infinity', budget);
    return { kind: 'budget', value: budget, uCost: 0, uQuality: -1, vCost: 1, vQuality: 0 };
  }
  const price = lambda ?? 0;
  expect(price >= 0 && price < Infinity, 'lambda', 'be a finite number from 0 up', price);
  return { ...LEAST_COST, value: price, uQuality: -price };
}

function eligibility({ n, m, cost, quality, allowed, minQuality }: AssignmentProblem): Uint8Array {
  if (allowed) expectLength('allowed', allowed, n * m, 'booleans');
  if (minQuality) expectNumbers('minQuality', minQuality, n);
  const eligible = new Uint8Array(n * m);
  for (let i = 0, cell = 0; i < n; i++) {
    const floor = minQuality?.[i] ?? -Infinity;
    for (let j = 0; j < m; j++, cell++) {
      const usable = Math.abs(cost[cell]!) <= LARGEST && Math.abs(quality[cell]!) <= LARGEST;
      if (usable && quality[cell]! >= floor && (allowed?.[cell] ?? true)) eligible[cell] = 1;
    }
  }
  return eligible;
}

/** Overdue calls by age, then the others by priority + age; equal claims by arrival. */
function servingOrder({ n, priority, age, overdue }: AssignmentProblem): Int32Array {
  if (priority) expectNumbers('priority', priority, n);
  if (age) expectNumbers('age', age, n);
  if (overdue) expectLength('overdue', overdue, n, 'booleans');
  const order = Int32Array.from({ length: n }, (_, i) => i);
  if (!priority && !age && !overdue) return order;
  const late = (i: number): number => (overdue?.[i] ? 1 : 0);
  const claim = (i: number): number => (age?.[i] ?? 0) + (late(i) ? 0 : (priority?.[i] ?? 0));
  return order.sort((a, b) => late(b) - late(a) || (claim(b) > claim(a) ? 1 : claim(b) < claim(a) ? -1 : a - b));
}

function expectNumbers(field: string, values: ArrayLike<number>, length: number): void {
  expectLength(field, values, length);
  for (let i = 0; i < length; i++) expect(!Number.isNaN(values[i]), `${field}[${i}]`, 'be a number', values[i]);
}

function expectLength(field: string, values: ArrayLike<unknown>, length: number, of = 'numbers'): void {
  if (values?.length !== length) {
    throw new TypeError(`Expected \`${field}\` to have ${length} ${of}, got ${values?.length}`);
  }
}

function expect(holds: boolean, field: string, rule: string, value: unknown): void {
  if (!holds) throw new TypeError(`Expected \`${field}\` to ${rule}, got ${String(value)}`);
}
