import { LRUCache } from 'lru-cache';
import { USUAL_ANSWER_TOKENS } from '../../../kernel/cores/answers/problem.js';
import { lengthWish, readQuery } from '../../../kernel/cores/answers/query.js';
import type { Item } from '../../../kernel/cores/item-response.js';
import { LEVELS, QUERY_FAMILIES } from './families.js';
import type { Random } from './random.js';

export { readQuery, USUAL_ANSWER_TOKENS };

/** A question of a random family and level, with the length of the answer that is wanted. */
export function writeQuery(random: Random, outputTokens: number): string {
  const family = random.pick(QUERY_FAMILIES);
  const level = random.int(LEVELS.low, LEVELS.high);
  return `${family.opening}\n${family.write(random, level)}\n${lengthWish(outputTokens)}`;
}

/** Every core and every policy asks for the same few thousand. */
const MOST_ITEMS = 8192;
const items = new LRUCache<string, Required<Item>>({ max: MOST_ITEMS });

/** What a synthetic query asks of a simulated model. */
export function itemOf(prompt: string): Required<Item> {
  const item = items.get(prompt) ?? readItem(prompt);
  items.set(prompt, item);
  return item;
}

function readItem(prompt: string): Required<Item> {
  const demands = readQuery(prompt);
  if (demands === undefined) return { difficulty: 0, lengthScale: 1 };
  return { difficulty: demands.difficulty, lengthScale: demands.outputTokens / USUAL_ANSWER_TOKENS };
}
