import { names, occurrences, type QueryFamily } from './family.js';

const THINGS = ['shells', 'stamps', 'apples', 'marbles', 'tickets'] as const;

/** Word problems: one change of a count a sentence. */
export const arithmetic: QueryFamily = {
  name: 'arithmetic',
  opening: 'Solve this word problem.',
  difficulty: { base: -2.6, slope: 0.38 },
  write(random, level) {
    const [who = '', other = ''] = names(random, 2);
    const thing = random.pick(THINGS);
    const changes = [
      () => `${who} finds ${random.int(3, 40)} more.`,
      () => `${other} gives ${who} ${random.int(2, 30)} of them.`,
      () => `${who} loses a box of ${random.int(2, 9)}.`,
      () => `${who} then buys ${random.int(2, 6)} packs of ${random.int(3, 12)}.`,
    ];
    const sentences = Array.from({ length: level }, () => random.pick(changes)());
    return `${who} has ${random.int(20, 90)} ${thing}. ${sentences.join(' ')} How many ${thing} does ${who} have now?`;
  },
  levelOf: (question) => occurrences(question, / finds | gives | loses | buys /g),
};
