import { occurrences, type Question, slipped } from './question.js';

interface Variables {
  x: bigint;
  y: bigint;
}

const START = /^x, y = (\d+), (\d+)$/m;
const LOOP = /^for i in range\((\d{1,2})\):$/m;
const STATEMENT = /^ {4}([xy] = .*)$/gm;

/** Python's own: the quotient is rounded down, and the rest has the sign of the divisor. */
const rest = (a: bigint, b: bigint) => ((a % b) + b) % b;
const quotient = (a: bigint, b: bigint) => (a - rest(a, b)) / b;

/** Each form of a statement, and what it does. */
const FORMS: readonly (readonly [RegExp, (variables: Variables, a: bigint, b: bigint) => void])[] = [
  [
    /^x = x \* (\d+) \+ (\d+)$/,
    (v, factor, more) => {
      v.x = v.x * factor + more;
    },
  ],
  [
    /^x = x - y if x % ([1-9]\d*) == 0 else x \+ y$/,
    (v, divisor) => {
      v.x += rest(v.x, divisor) === 0n ? -v.y : v.y;
    },
  ],
  [
    /^y = \(x \/\/ ([1-9]\d*)\) % ([1-9]\d*)$/,
    (v, divisor, modulus) => {
      v.y = rest(quotient(v.x, divisor), modulus);
    },
  ],
];

/** Short Python programs of assignments and branches: one statement a step. */
export const programTrace: Question = {
  name: 'code-trace',
  opening: 'What does this program print?',
  difficulty: { base: -2.2, slope: 0.44 },
  levelOf: (text) => occurrences(text, /^ {4}[xy] = /gm),
  solve(text) {
    const start = START.exec(text);
    const loops = LOOP.exec(text)?.[1];
    const statements = [...text.matchAll(STATEMENT)].map(([, statement = '']) => stepOf(statement));
    if (start === null || loops === undefined) return undefined;
    const variables = { x: BigInt(start[1] ?? 0), y: BigInt(start[2] ?? 0) };
    for (let i = 0; i < Number(loops); i++) {
      for (const step of statements) {
        if (step === undefined) return undefined;
        step(variables);
      }
    }
    const { x, y } = variables;
    return {
      right: `${x} ${y}`,
      wrong: (draw) => `${slipped(String(x), draw)} ${y}`,
      sentence: (value) => `It prints ${value}.`,
    };
  },
};

function stepOf(statement: string): ((variables: Variables) => void) | undefined {
  for (const [form, apply] of FORMS) {
    const [found, a = 0, b = 0] = form.exec(statement) ?? [];
    if (found !== undefined) return (variables) => apply(variables, BigInt(a), BigInt(b));
  }
  return undefined;
}
