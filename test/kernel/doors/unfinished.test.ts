import { expect, test } from 'vitest';
import { Unfinished } from '../../../kernel/doors/unfinished.js';

test('what has begun first is cut when all together is too much, and what has ended counts no more', () => {
  const cuts: string[] = [];
  const unfinished = new Unfinished(() => 100);
  const part = (name: string) => ({ bytes: 0, cut: () => void cuts.push(name) });
  const [a, b, c] = [part('a'), part('b'), part('c')];
  unfinished.grow(a, 60);
  unfinished.grow(b, 40);
  expect(cuts).toEqual([]);
  unfinished.grow(b, 1);
  expect([cuts, a.bytes]).toEqual([['a'], 0]);
  unfinished.end(b);
  unfinished.end(b);
  unfinished.grow(c, 100);
  expect(cuts).toEqual(['a']);
  unfinished.grow(c, 1);
  expect(cuts).toEqual(['a', 'c']);
});
