import { arrivalOrder } from '../../../kernel/cores/answers/arrival-order.js';
import { listEntry, ROWS_PER_LEVEL } from '../../../kernel/cores/answers/list-entry.js';
import { programTrace } from '../../../kernel/cores/answers/program-trace.js';
import type { Question } from '../../../kernel/cores/answers/question.js';
import { wordProblem } from '../../../kernel/cores/answers/word-problem.js';
import type { Random } from './random.js';

/** Levels of every family: how many steps lie between question and answer. */
export const LEVELS = { low: 1, high: 10 } as const;

/** One kind of question, at any level. The level is the number of steps in the text, so it can be seen there. */
export interface QueryFamily extends Question {
  /** The question without its opening. @param level 1 to 10 */
  write(random: Random, level: number): string;
}

const NAMES = ['Ada', 'Bruno', 'Chen', 'Dina', 'Emil', 'Farah', 'Goran', 'Hana', 'Ivo', 'Jun', 'Kofi', 'Lena', 'Mira'];

/** Different names, in random order. @param count at most 13 */
function names(random: Random, count: number): string[] {
  return random.shuffled(NAMES).slice(0, count);
}

const THINGS = ['shells', 'stamps', 'apples', 'marbles', 'tickets'] as const;

/** Word problems: one change of a count a sentence. */
const arithmetic: QueryFamily = {
  ...wordProblem,
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
};

/** Short programs of assignments and branches: one statement a step. */
const codeTrace: QueryFamily = {
  ...programTrace,
  write(random, level) {
    const statements = [
      () => `x = x * ${random.int(2, 5)} + ${random.int(1, 9)}`,
      () => `x = x - y if x % ${random.int(2, 4)} == 0 else x + y`,
      () => `y = (x // ${random.int(2, 7)}) % ${random.int(5, 13)}`,
    ];
    const body = Array.from({ length: level }, () => `    ${random.pick(statements)()}`);
    const head = [`x, y = ${random.int(1, 20)}, ${random.int(1, 9)}`, `for i in range(${random.int(2, 5)}):`];
    return ['```python', ...head, ...body, 'print(x, y)', '```'].join('\n');
  },
};

/** A list of numbered parts and a question about one of them: three rows a level. */
const lookUp: QueryFamily = {
  ...listEntry,
  write(random, level) {
    const parts = random
      .shuffled(Array.from({ length: ROWS_PER_LEVEL * level }, (_, i) => 100 + 7 * i))
      .map((part) => `- part ${part}: shelf ${random.int(1, 60)}, ${random.int(1, 500)} in stock`);
    return `${parts.join('\n')}\nOn which shelf is part ${100 + 7 * random.int(0, parts.length - 1)}?`;
  },
};

/** An order of people to be rebuilt from shuffled comparisons: one comparison a step. */
const reasoning: QueryFamily = {
  ...arrivalOrder,
  write(random, level) {
    const people = names(random, level + 1);
    const clues = people.slice(1).map((person, i) => `${people[i]} arrived before ${person}.`);
    return `${random.shuffled(clues).join(' ')} Who arrived as number ${random.int(1, people.length)}?`;
  },
};

/** Every family of questions. A new one is an object above and a word here. */
export const QUERY_FAMILIES: readonly QueryFamily[] = [arithmetic, codeTrace, lookUp, reasoning];
