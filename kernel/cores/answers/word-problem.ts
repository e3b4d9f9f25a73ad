import { occurrences, type Question, slipped } from './question.js';

const START = /(\w+) has (\d+) (\w+)\./;
/** One change of the count: its verb, and its numbers. */
const CHANGE = / (finds|gives|loses|buys) (?:[A-Z]\w* )?(?:a box of )?(\d+)(?: packs of (\d+))?/g;

/** Word problems: one change of a count a sentence. */
export const wordProblem: Question = {
  name: 'arithmetic',
  opening: 'Solve this word problem.',
  difficulty: { base: -2.6, slope: 0.38 },
  levelOf: (text) => occurrences(text, / finds | gives | loses | buys /g),
  solve(text) {
    const [, who, first, thing] = START.exec(text) ?? [];
    if (first === undefined) return undefined;
    const terms = [first];
    let count = BigInt(first);
    for (const [, verb, number = '', each] of text.matchAll(CHANGE)) {
      const term = each === undefined ? number : `${number} * ${each}`;
      const change = BigInt(number) * BigInt(each ?? 1);
      count += verb === 'loses' ? -change : change;
      terms.push(verb === 'loses' ? `- ${term}` : `+ ${term}`);
    }
    return {
      right: String(count),
      wrong: (draw) => slipped(String(count), draw),
      sentence: (value) => `${who} has ${value} ${thing} now.`,
      expression: terms.join(' '),
    };
  },
};
