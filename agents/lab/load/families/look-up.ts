import { occurrences, type QueryFamily } from './family.js';

const ROWS_PER_LEVEL = 3;

/** A list of numbered parts and a question about one of them: three rows a level. */
export const lookUp: QueryFamily = {
  name: 'look-up',
  opening: 'Find the entry in this list.',
  difficulty: { base: -3.2, slope: 0.24 },
  write(random, level) {
    const parts = random
      .shuffled(Array.from({ length: ROWS_PER_LEVEL * level }, (_, i) => 100 + 7 * i))
      .map((part) => `- part ${part}: shelf ${random.int(1, 60)}, ${random.int(1, 500)} in stock`);
    return `${parts.join('\n')}\nOn which shelf is part ${100 + 7 * random.int(0, parts.length - 1)}?`;
  },
  levelOf: (question) => occurrences(question, /^- part /gm) / ROWS_PER_LEVEL,
};
