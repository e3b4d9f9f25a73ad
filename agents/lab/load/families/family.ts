import type { Random } from '../random.js';

/** Levels of every family: how many steps lie between question and answer. */
export const LEVELS = { low: 1, high: 10 } as const;

/** One kind of question, at any level. The level is the number of steps in the text, so it can be seen there. */
export interface QueryFamily {
  /** The task tag of its calls. */
  readonly name: string;
  /** How each of its questions begins, and those of no other family. */
  readonly opening: string;
  /** Logit of a wrong answer by a model of average ability at level 1, and what one level more adds. */
  readonly difficulty: { readonly base: number; readonly slope: number };
  /** The question without its opening. @param level 1 to 10 */
  write(random: Random, level: number): string;
  /** The level of a question, counted in its text. */
  levelOf(question: string): number;
}

const NAMES = ['Ada', 'Bruno', 'Chen', 'Dina', 'Emil', 'Farah', 'Goran', 'Hana', 'Ivo', 'Jun', 'Kofi', 'Lena', 'Mira'];

/** Different names, in random order. @param count at most 13 */
export function names(random: Random, count: number): string[] {
  return random.shuffled(NAMES).slice(0, count);
}

/** How often a pattern occurs. @param pattern with flag `g` */
export function occurrences(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
