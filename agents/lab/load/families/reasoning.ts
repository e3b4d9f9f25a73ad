import { names, occurrences, type QueryFamily } from './family.js';

/** An order of people to be rebuilt from shuffled comparisons: one comparison a step. */
export const reasoning: QueryFamily = {
  name: 'reasoning',
  opening: 'Work out the order of these people.',
  difficulty: { base: -2, slope: 0.5 },
  write(random, level) {
    const people = names(random, level + 1);
    const clues = people.slice(1).map((person, i) => `${people[i]} arrived before ${person}.`);
    return `${random.shuffled(clues).join(' ')} Who arrived as number ${random.int(1, people.length)}?`;
  },
  levelOf: (question) => occurrences(question, / arrived before /g),
};
