import { LEVELS, QUERY_FAMILIES } from './families.js';
import type { Random } from './random.js';

/** What a query asks of a model, as read from its text. */
export interface QueryDemands {
  readonly family: string;
  /** 1 to 10. */
  readonly level: number;
  /** Logit of a wrong answer by a model of average ability: about -3 (easy) to 3 (hard). */
  readonly difficulty: number;
  /** Output tokens that the query asks for. */
  readonly outputTokens: number;
}

const LENGTH = /Answer in about (\d+) tokens\.$/;

/** A question of a random family and level, with the length of the answer that is wanted. */
export function writeQuery(random: Random, outputTokens: number): string {
  const family = random.pick(QUERY_FAMILIES);
  const level = random.int(LEVELS.low, LEVELS.high);
  const tokens = Math.max(1, Math.round(outputTokens));
  return `${family.opening}\n${family.write(random, level)}\nAnswer in about ${tokens} tokens.`;
}

/** Reads back from the text of a query what it asks for; undefined for any other text. */
export function readQuery(text: string): QueryDemands | undefined {
  const family = QUERY_FAMILIES.find(({ opening }) => text.startsWith(opening));
  const length = LENGTH.exec(text)?.[1];
  if (family === undefined || length === undefined) return undefined;
  const level = family.levelOf(text);
  const { base, slope } = family.difficulty;
  const difficulty = base + slope * (level - LEVELS.low);
  return { family: family.name, level, difficulty, outputTokens: Number(length) };
}

/** Output tokens that a query asks for when simulated models give answers of their usual length. */
export const USUAL_ANSWER_TOKENS = 200;

/** What a synthetic query asks of a simulated model. */
export function itemOf(prompt: string): { readonly difficulty: number; readonly lengthScale: number } {
  const demands = readQuery(prompt);
  if (demands === undefined) return { difficulty: 0, lengthScale: 1 };
  return { difficulty: demands.difficulty, lengthScale: demands.outputTokens / USUAL_ANSWER_TOKENS };
}
