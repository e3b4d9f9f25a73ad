import { occurrences, pickBy, type Question } from './question.js';

export const ROWS_PER_LEVEL = 3;

const ROW = /^- part (\d+): shelf (\d+),/gm;
const ASKED = /^On which shelf is part (\d+)\?$/m;

/** A list of numbered parts and a question about one of them: three rows a level. */
export const listEntry: Question = {
  name: 'look-up',
  opening: 'Find the entry in this list.',
  difficulty: { base: -3.2, slope: 0.24 },
  levelOf: (text) => occurrences(text, /^- part /gm) / ROWS_PER_LEVEL,
  solve(text) {
    const shelves = new Map([...text.matchAll(ROW)].map(([, part, shelf = '']) => [part, shelf]));
    const part = ASKED.exec(text)?.[1];
    const right = shelves.get(part);
    if (right === undefined) return undefined;
    const others = [...shelves.values()].filter((shelf) => shelf !== right);
    return {
      right,
      wrong: (draw) => pickBy(others, draw) ?? String(Number(right) + 1),
      sentence: (value) => `Part ${part} is on shelf ${value}.`,
    };
  },
};
