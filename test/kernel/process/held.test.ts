import { expect, test } from 'vitest';
import { Held, type Unread } from '../../../kernel/process/held.js';

const KIB = 1024;

function world(most = 1000 * KIB) {
  const held = new Held(() => most);
  const gone: string[] = [];
  /** Somebody of a token who holds so much that nobody takes. */
  const holder = (name: string, owner: string, size: number) => {
    const one: Unread & { unread: number } = {
      owner,
      unread: size,
      giveUp: () => {
        gone.push(name);
        held.add(owner, -one.unread);
      },
    };
    held.add(owner, size);
    held.stopped(one);
    return one;
  };
  return { held, gone, holder };
}

test('counts characters for each token', () => {
  const { held } = world();
  held.add('a', 5);
  held.add('b', 7);
  held.add('a', -5);
  expect([held.total, held.of('a'), held.of('b')]).toEqual([7, 0, 7]);
});

test('while there is room nobody gives up', () => {
  const { held, holder, gone } = world();
  holder('one', 'a', 900 * KIB);
  held.keepBound();
  expect(gone).toEqual([]);
});

test('where there is none, the largest of the token that has most gives up, until there is', () => {
  const { held, holder, gone } = world();
  holder('modest', 'b', 300 * KIB);
  for (let n = 0; n < 4; n++) holder(`g${n}`, 'a', (150 + n) * KIB);
  held.add('a', 200 * KIB);
  held.keepBound();
  expect(gone).toEqual(['g3']);
  held.add('a', 200 * KIB);
  held.keepBound();
  expect([gone, held.total <= 1000 * KIB]).toEqual([['g3', 'g2', 'g1'], true]);
});

test('who takes text again keeps it, and nobody is asked for little, nor in vain for every character', () => {
  const { held, holder, gone } = world();
  held.goesOn(holder('reads', 'a', 600 * KIB));
  for (let n = 0; n < 20; n++) holder(`small ${n}`, 'a', 30 * KIB);
  held.keepBound();
  expect(gone).toEqual([]);
  holder('large', 'a', KIB).unread = 70 * KIB;
  held.keepBound();
  expect(gone).toEqual([]);
  held.add('a', 64 * KIB);
  held.keepBound();
  expect(gone).toEqual(['large']);
});
