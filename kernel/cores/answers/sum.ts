import { evaluate } from '../../../syscalls/arithmetic.js';
import { type Solution, slipped } from './question.js';

/** How people ask for the value of an expression. */
const OPENING =
  /\b(?:what(?:['’]s| is)|how much is|compute|calculate|evaluate|work out|solve)(?::| the (?:value|result) of| the sum| the product)?\s/gi;
/** Longest expression that is looked for, in characters. */
const MAX_LENGTH = 200;
const EXPRESSION = /^[-+*/%^().\d\s]+/;
const OPERATION = /\d[\s)]*[-+*/%^]+[\s(]*[\d.]/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}$/;

/** What people write for an operator. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/×|\b(?:times|multiplied by)\b/gi, '*'],
  [/÷|\bdivided by\b/gi, '/'],
  [/−|\bminus\b/gi, '-'],
  [/\bplus\b/gi, '+'],
  [/\bto the power of\b/gi, '^'],
  [/(?<=\d)(?<!\b0)\s?x\s?(?=\d)/gi, ' * '],
  [/(?<=\d),(?=\d{3}\b)/g, ''],
];

/** A sum that somebody asks for. */
export interface Sum extends Solution {
  readonly expression: string;
  /** How many operations it takes, 1 or more. */
  readonly steps: number;
}

/** Reads an arithmetic question in anybody's words: `What is 17 * 23?`, `12 plus 30`. */
export function readSum(text: string): Sum | undefined {
  const whole = expressionAt(text);
  if (whole?.ends) return sumOf(whole.expression);
  for (const { index, 0: opening } of text.matchAll(OPENING)) {
    const found = expressionAt(text.slice(index + opening.length, index + opening.length + MAX_LENGTH));
    const sum = found && sumOf(found.expression);
    if (sum !== undefined) return sum;
  }
  return undefined;
}

/** The expression that a text begins with, and whether the text ends with it. */
function expressionAt(text: string): { readonly expression: string; readonly ends: boolean } | undefined {
  const start = text.slice(0, MAX_LENGTH);
  const written = SIGNS.reduce((line, [words, sign]) => line.replace(words, sign), start);
  const found = EXPRESSION.exec(written)?.[0];
  if (found === undefined) return undefined;
  const expression = found.trim().replace(/\.$/, '');
  const after = written.slice(found.length);
  return { expression, ends: text.length <= MAX_LENGTH && /^[=?\s]*$/.test(after) };
}

function sumOf(expression: string): Sum | undefined {
  if (!OPERATION.test(expression) || DATE.test(expression)) return undefined;
  const value = resultOf(expression);
  if (value === undefined) return undefined;
  return {
    right: String(value),
    wrong: (draw) => slipped(String(value), draw),
    sentence: (said) => `${expression} = ${said}.`,
    expression,
    steps: Math.max(1, expression.match(/[-+*/%^]+/g)?.length ?? 1),
  };
}

/** Twelve digits, so that 0.1 + 0.2 is what people expect. */
function resultOf(expression: string): number | undefined {
  try {
    return Number(evaluate(expression).toPrecision(12));
  } catch {
    return undefined;
  }
}
