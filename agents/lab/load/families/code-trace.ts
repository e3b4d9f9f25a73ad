import { occurrences, type QueryFamily } from './family.js';

/** Short programs of assignments and branches: one statement a step. */
export const codeTrace: QueryFamily = {
  name: 'code-trace',
  opening: 'What does this program print?',
  difficulty: { base: -2.2, slope: 0.44 },
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
  levelOf: (question) => occurrences(question, /^ {4}[xy] = /gm),
};
