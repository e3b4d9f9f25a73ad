import { occurrences, pickBy, type Question } from './question.js';

const CLUE = /(\w+) arrived before (\w+)\./g;
const ASKED = /Who arrived as number (\d+)\?/;

/** An order of people to be rebuilt from shuffled comparisons of neighbours: one comparison a step. */
export const arrivalOrder: Question = {
  name: 'reasoning',
  opening: 'Work out the order of these people.',
  difficulty: { base: -2, slope: 0.5 },
  levelOf: (text) => occurrences(text, / arrived before /g),
  solve(text) {
    const next = new Map([...text.matchAll(CLUE)].map(([, before = '', after = '']) => [before, after]));
    const number = Number(ASKED.exec(text)?.[1]);
    const order = orderOf(next);
    const right = order[number - 1];
    if (right === undefined) return undefined;
    // A slip of one place is the likeliest.
    const neighbours = [order[number - 2], order[number]].filter((name) => name !== undefined);
    return {
      right,
      wrong: (draw) => pickBy(neighbours, draw) ?? right,
      sentence: (value) => `${value} arrived as number ${number}.`,
    };
  },
};

/** @param next who arrived right after each */
function orderOf(next: ReadonlyMap<string, string>): readonly string[] {
  const later = new Set(next.values());
  const order: string[] = [];
  let at = [...next.keys()].find((name) => !later.has(name));
  while (at !== undefined && order.length <= next.size) {
    order.push(at);
    at = next.get(at);
  }
  return order;
}
