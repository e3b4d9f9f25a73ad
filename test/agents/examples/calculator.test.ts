import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calculator, evaluate } from '../../../agents/examples/calculator.js';

test.each([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 4 - 3', 3],
  ['100 / 10 / 5', 2],
  ['7 % 4', 3],
  ['2 ^ 3 ^ 2', 512],
  ['2 ** -1', 0.5],
  ['-2 ^ 2', -4],
  ['(-2) ^ 2', 4],
  ['--3', 3],
  ['1.5e3 + .5', 1500.5],
  ['SQRT(16) + abs(-1)', 5],
  ['log(1000) + ln(e)', 4],
  ['round(pi)', 3],
])('%s = %d', (expression, value) => {
  expect(evaluate(expression)).toBeCloseTo(value, 12);
});

test.each([
  ['', 'Expected a number, a name or (, got the end'],
  ['1 +', 'Expected a number, a name or (, got the end'],
  ['(1', 'Expected ), got the end'],
  ['1 2', 'Expected an operator or the end, got "2"'],
  ['1 / 0', 'Expected a finite value, got Infinity'],
  ['sqrt(-1)', 'Expected a finite value, got NaN'],
  ['sqrt 4', 'Expected (, got "4"'],
  ['process.exit(1)', 'Expected a number, name or operator at ".exit(1)"'],
  ['constructor', 'Expected a number, a name or (, got "constructor"'],
  ['__proto__', 'Expected a number, name or operator at "__proto__"'],
  ['infinity', 'Expected a number, a name or (, got "infinity"'],
  ['1; 2', 'Expected a number, name or operator at "; 2"'],
])('%j is refused: %s', (expression, message) => {
  expect(() => evaluate(expression)).toThrow(message);
});

/** Fully bracketed expressions, which JavaScript itself reads the same way. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5 },
    fc.integer({ min: 0, max: 99 }).map(String),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*'), tie('expression'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('expression').map((inner) => `(-${inner})`),
  ),
}));

test('any bracketed expression has the value that JavaScript gives it', () => {
  fc.assert(
    fc.property(expression, (text) => {
      expect(evaluate(text)).toBe(new Function(`return ${text}`)());
    }),
  );
});

describe('the tool', () => {
  test('bounds the length of what it reads, and so its depth', async () => {
    await expect(calculator.run(JSON.stringify({ expression: '('.repeat(1000) }))).rejects.toThrow('Expected');
    await expect(calculator.run(JSON.stringify({ expression: '1'.repeat(1001) }))).rejects.toThrow('expression');
  });

  test('answers in text', async () => {
    expect(await calculator.run('{"expression":"0.1 + 0.2"}')).toBe('0.30000000000000004');
  });
});
