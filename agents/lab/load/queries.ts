import { USUAL_ANSWER_TOKENS } from '../../../kernel/cores/answers/problem.js';
import { lengthWish, readQuery } from '../../../kernel/cores/answers/query.js';
import { LEVELS, QUERY_FAMILIES } from './families.js';
import type { Random } from './random.js';

export { readQuery, USUAL_ANSWER_TOKENS };

/** A question of a random family and level, with the length of the answer that is wanted. */
export function writeQuery(random: Random, outputTokens: number): string {
  const family = random.pick(QUERY_FAMILIES);
  const level = random.int(LEVELS.low, LEVELS.high);
  return `${family.opening}\n${family.write(random, level)}\n${lengthWish(outputTokens)}`;
}

/** What a synthetic query asks of a simulated model. */
export function itemOf(prompt: string): { readonly difficulty: number; readonly lengthScale: number } {
  const demands = readQuery(prompt);
  if (demands === undefined) return { difficulty: 0, lengthScale: 1 };
  return { difficulty: demands.difficulty, lengthScale: demands.outputTokens / USUAL_ANSWER_TOKENS };
}
