import { describe, expect, test } from 'vitest';
import { writeQuery } from '../../../../agents/lab/load/queries.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { readProblem } from '../../../../kernel/cores/answers/problem.js';
import { slipped } from '../../../../kernel/cores/answers/question.js';
import { evaluate } from '../../../../syscalls/arithmetic.js';

const ASKED = '\nAnswer in about 80 tokens.';
const answerOf = (text: string) => {
  const solution = readProblem(text)?.solution;
  return solution?.sentence(solution.right);
};

test.each([
  [
    'Solve this word problem.\nLena has 65 tickets. Dina gives Lena 9 of them. Lena then buys 3 packs of 4. Lena finds 31 more. Lena loses a box of 9. How many tickets does Lena have now?',
    'Lena has 108 tickets now.',
  ],
  // As Python prints it: a rest has the sign of the divisor, a quotient is rounded down, and numbers have no bound.
  [
    'What does this program print?\n```python\nx, y = 2, 9\nfor i in range(4):\n    x = x - y if x % 2 == 0 else x + y\n    y = (x // 4) % 7\n    x = x * 5 + 9\nprint(x, y)\n```',
    'It prints -3726 2.',
  ],
  [
    `What does this program print?\n\`\`\`python\nx, y = 7, 1\nfor i in range(5):\n${'    x = x * 5 + 9\n'.repeat(10)}print(x, y)\n\`\`\``,
    'It prints 821565038222615839913487434387207029 1.',
  ],
  [
    'Find the entry in this list.\n- part 114: shelf 42, 153 in stock\n- part 107: shelf 6, 315 in stock\n- part 100: shelf 24, 295 in stock\nOn which shelf is part 107?',
    'Part 107 is on shelf 6.',
  ],
  [
    'Work out the order of these people.\nAda arrived before Kofi. Hana arrived before Ada. Who arrived as number 3?',
    'Kofi arrived as number 3.',
  ],
])('%s', (question, answer) => {
  expect(answerOf(question + ASKED)).toBe(answer);
});

test('every query of the lab has an answer, and wrong ones that differ from it', () => {
  const random = new Random(3);
  for (let i = 0; i < 1000; i++) {
    const query = writeQuery(random, 80);
    const solution = readProblem(query)?.solution;
    if (solution === undefined) throw new Error(query);
    for (const draw of [0, 0.3, 0.6, 0.999]) expect(solution.wrong(draw)).not.toBe(solution.right);
    if (solution.expression !== undefined) expect(String(evaluate(solution.expression))).toBe(solution.right);
  }
});

test.each([
  ['What is 17 * 23?', '17 * 23 = 391.'],
  ['what’s 17 × 23', '17 * 23 = 391.'],
  ['17x23', '17 * 23 = 391.'],
  ['12 plus 30 =', '12 + 30 = 42.'],
  ['How much is 1,200 divided by 4?', '1200 / 4 = 300.'],
  ['Please calculate: (3 + 4) * 5. Use a tool.', '(3 + 4) * 5 = 35.'],
  ['Tell me the truth: what is the value of 2^10?', '2^10 = 1024.'],
  ['What is 0.1 + 0.2?', '0.1 + 0.2 = 0.3.'],
])('%s', (question, answer) => {
  expect(answerOf(question)).toBe(answer);
});

test.each([
  'What is the capital of France?',
  'What is 42?',
  'What is 2026-11-28?',
  'What is 3 - the number?',
  'What is 1 / 0?',
  'What is 5 + (3',
  '+',
  '',
  'Find the entry in this list.\n- part 1: shelf 2, 3 in stock\nOn which shelf is part 9?\nAnswer in about 80 tokens.',
  `What does this program print?\nimport os${ASKED}`,
])('%j has no answer', (question) => {
  expect(answerOf(question)).toBeUndefined();
});

describe('the check of an answer', () => {
  const check = (answer: string) => answerOf(`Is this answer right?\nQuestion:\nWhat is 17 * 23?\nAnswer:\n${answer}`);

  test.each(['391', ' 391.\n', '17 * 23 = 391. and words that fill the length'])('%j is right', (answer) => {
    expect(check(answer)).toBe('Yes, that is right.');
  });

  test.each(['392', 'I am a simulated model.', ''])('%j is wrong', (answer) => {
    expect(check(answer)).toBe('No, that is wrong.');
  });

  test('of a question that is not known has no answer', () => {
    expect(answerOf('Is this answer right?\nQuestion:\nWho am I?\nAnswer:\n391')).toBeUndefined();
  });
});

test.each([
  ['391', 0.5, '392'],
  ['0', 0, '-10'],
  ['0.05', 0, '-0.05'],
  ['9.99', 0.6, '10.00'],
  ['-3', 0.5, '-2'],
  ['none', 0.5, 'none'],
])('%s slips to another number', (value, draw, wrong) => {
  expect(slipped(value, draw)).toBe(wrong);
});

test('a hostile text is read in little time', () => {
  const long = 200_000;
  for (const text of [
    'what is '.repeat(long / 8),
    `what is ${'('.repeat(long)}`,
    '\nQuestion:\n'.repeat(long / 11),
    `Is it right?${'\nQuestion:\nIs it right?\nAnswer:\n'.repeat(long / 33)}`,
    `Solve this word problem.\n${'A has 1 b. finds 2 '.repeat(long / 20)}${ASKED}`,
    `Work out the order of these people.\n${'A arrived before A. '.repeat(long / 20)}Who arrived as number 1?${ASKED}`,
  ]) {
    const start = process.cpuUsage();
    readProblem(text);
    const { user } = process.cpuUsage(start);
    expect(user).toBeLessThan(1_000_000);
  }
});
