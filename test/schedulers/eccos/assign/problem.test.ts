import { describe, expect, test } from 'vitest';
import { type AssignmentProblem, solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';

const base = { n: 2, m: 3, cost: new Float64Array(6).fill(1), quality: new Float64Array(6).fill(0.5), caps: [2, 2, 2] };
const valid: AssignmentProblem = { ...base, alpha: 0.5 };

describe('a programming error names field, rule and value', () => {
  test.each<[string, object]>([
    ['Expected `caps` to have 3 numbers, got 2', { ...valid, caps: [1, 2] }],
    ['Expected `cost` to have 6 numbers, got 5', { ...valid, cost: new Float64Array(5) }],
    ['Expected `quality` to have 6 numbers, got undefined', { ...valid, quality: undefined }],
    ['Expected `caps[1]` to be a number, got NaN', { ...valid, caps: [1, NaN, 2] }],
    ['Expected `n` to be an integer from 0 up, got NaN', { ...valid, n: NaN }],
    ['Expected `m` to be an integer from 0 up, got 2.5', { ...valid, m: 2.5 }],
    ['Expected `alpha` to be a finite number, got NaN', { ...valid, alpha: NaN }],
    ['Expected `budget` to be a number above -Infinity, got NaN', { ...base, budget: NaN }],
    ['Expected `lambda` to be a finite number from 0 up, got -1', { ...base, lambda: -1 }],
    ['Expected `lambda` to be a finite number from 0 up, got NaN', { ...base, lambda: NaN }],
    ['Expected exactly one of `alpha`, `budget` and `lambda`, got none', base],
    ['Expected exactly one of `alpha`, `budget` and `lambda`, got `alpha` and `budget`', { ...valid, budget: 3 }],
    ['Expected `relGap` to be a finite number from 0 up, got NaN', { ...valid, relGap: NaN }],
    ['Expected `minQuality` to have 2 numbers, got 1', { ...valid, minQuality: [0] }],
    ['Expected `minQuality[0]` to be a number, got NaN', { ...valid, minQuality: [NaN, 0] }],
    ['Expected `priority[1]` to be a number, got NaN', { ...valid, priority: [0, NaN] }],
    ['Expected `age` to have 2 numbers, got 3', { ...valid, age: [0, 1, 2] }],
    ['Expected `allowed` to have 6 booleans, got 2', { ...valid, allowed: [true, true] }],
    ['Expected `overdue` to have 2 booleans, got 0', { ...valid, overdue: [] }],
  ])('%s', (message, problem) => {
    const solve = (): unknown => solveAssignment(problem as AssignmentProblem);
    expect(solve).toThrow(TypeError);
    expect(solve).toThrow(message);
  });

  test('a form given as undefined is not given', () => {
    const problem = { ...valid, budget: undefined } as unknown as AssignmentProblem;
    expect(solveAssignment(problem).status).toBe('solved');
  });
});
