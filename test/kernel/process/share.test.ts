import { expect, test } from 'vitest';
import { shareOf } from '../../../kernel/process/share.js';

/** Takes as much as it may. @returns how much */
function fill(most: number, used: number, tokens: number): number {
  let own = 0;
  while (own < Math.floor(shareOf(most, used + own, tokens)) && used + own < most) own++;
  return own;
}

test('a token alone in a kernel may use all', () => {
  expect(fill(1000, 0, 1)).toBe(1000);
});

test('of several, the first may use most, and who comes next finds some', () => {
  const first = fill(1000, 0, 10);
  const second = fill(1000, first, 10);
  const third = fill(1000, first + second, 10);
  expect(first).toBe(800);
  expect(second).toBeGreaterThanOrEqual(100);
  expect(third).toBeGreaterThanOrEqual(40);
});

test('an equal part is never refused while there is room', () => {
  expect(shareOf(100, 99, 4)).toBe(25);
});
