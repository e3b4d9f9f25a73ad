/** What the answer to a question is. */
export interface Solution {
  /** The bare value: `391`, `Hana`. */
  readonly right: string;
  /** What somebody might say who got it wrong. @param draw from 0 up to 1 */
  wrong(draw: number): string;
  /** The answer in a sentence. */
  sentence(value: string): string;
  /** What a calculator would have to work out, where that is all there is to do. */
  readonly expression?: string;
}

/** One kind of question that can be worked out from its text. */
export interface Question {
  /** The task tag of its calls. */
  readonly name: string;
  /** How each question of the kind begins, and those of no other kind. */
  readonly opening: string;
  /** Logit of a wrong answer by a model of average ability at level 1, and what one level more adds. */
  readonly difficulty: { readonly base: number; readonly slope: number };
  /** The level of a question, counted in its text: how many steps lie between question and answer. */
  levelOf(text: string): number;
  /** Undefined for a text that only begins like one of these. */
  solve(text: string): Solution | undefined;
}

/** How often a pattern occurs. @param pattern with flag `g` */
export function occurrences(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** In units of the last digit. */
const SLIPS = [-10, -2, -1, 1, 2, 10];

/**
 * A number that is off by a little: in its last digit, or the one before.
 *
 * @param value decimal digits; any other text comes back as it is
 * @param draw from 0 up to 1
 */
export function slipped(value: string, draw: number): string {
  const [, sign = '', whole, decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
  if (whole === undefined) return value;
  const wrong = BigInt(sign + whole + decimals) + BigInt(pickBy(SLIPS, draw) ?? 1);
  if (decimals === '') return String(wrong);
  const digits = String(wrong < 0n ? -wrong : wrong).padStart(decimals.length + 1, '0');
  const point = digits.length - decimals.length;
  return `${wrong < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** One of a list. @param draw from 0 up to 1 */
export function pickBy<T>(list: readonly T[], draw: number): T | undefined {
  return list[Math.floor(draw * list.length)];
}
