import { readQuery } from './query.js';
import type { Solution } from './question.js';
import { readSum } from './sum.js';
import { readCheck, verdictOf } from './verdict.js';

/** Output tokens that a query asks for when simulated models give answers of their usual length. */
export const USUAL_ANSWER_TOKENS = 200;

/** A sum of one operation, at which even a poor model seldom fails, and what each further one adds. */
const SUM_DIFFICULTY = { base: -6, slope: 0.5 };
/** A sum or a verdict is said in one line. */
const ONE_LINE = 0.05;

/** What a prompt asks for, where a simulated model can know. */
export interface Problem {
  /** How hard it is, on the scale of the models' ability, and how long its answer is, as a multiple of the usual one. */
  readonly item: { readonly difficulty: number; readonly lengthScale: number };
  readonly solution: Solution | undefined;
  /** Whether the answer is one line, whatever its length. */
  readonly isLine: boolean;
}

/** Undefined for a text that simulated models cannot work out. */
export function readProblem(prompt: string): Problem | undefined {
  const check = readCheck(prompt);
  if (check === undefined) return readQuestion(prompt);
  const asked = readQuestion(check.question);
  if (asked?.solution === undefined) return undefined;
  const { difficulty } = asked.item;
  return {
    item: { difficulty, lengthScale: ONE_LINE },
    solution: verdictOf(asked.solution, check.answer),
    isLine: true,
  };
}

function readQuestion(text: string): Problem | undefined {
  const demands = readQuery(text);
  if (demands !== undefined) {
    const { difficulty, outputTokens, question } = demands;
    const item = { difficulty, lengthScale: outputTokens / USUAL_ANSWER_TOKENS };
    return { item, solution: question.solve(text), isLine: false };
  }
  const sum = readSum(text);
  if (sum === undefined) return undefined;
  const { base, slope } = SUM_DIFFICULTY;
  const difficulty = base + slope * (sum.steps - 1);
  return { item: { difficulty, lengthScale: ONE_LINE }, solution: sum, isLine: true };
}
