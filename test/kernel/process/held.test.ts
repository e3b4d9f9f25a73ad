import { expect, test } from 'vitest';
import { Held, type Unread } from '../../../kernel/process/held.js';

const KIB = 1024;

function world(most = 1000 * KIB) {
  const later: (() => void)[] = [];
  const held = new Held({ most: () => most, soon: (run) => void later.push(run) });
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
  const run = () => {
    for (const one of later.splice(0)) one();
  };
  return { held, gone, later, holder, run };
}

test('counts characters for each token', () => {
  const { held } = world();
  held.add('a', 5);
  held.add('b', 7);
  held.add('a', -5);
  expect([held.total, held.of('a'), held.of('b')]).toEqual([7, 0, 7]);
});

test('while there is room nobody gives up', () => {
  const { holder, gone, later } = world();
  holder('one', 'a', 900 * KIB);
  expect([later.length, gone]).toEqual([0, []]);
});

test('where there is none, the largest of the token that has most gives up, until there is', () => {
  const { held, holder, gone, run } = world();
  holder('modest', 'b', 300 * KIB);
  for (let n = 0; n < 4; n++) holder(`g${n}`, 'a', (150 + n) * KIB);
  held.add('a', 100 * KIB);
  held.add('a', 100 * KIB);
  run();
  expect(gone).toEqual(['g3']);
  held.add('a', 200 * KIB);
  run();
  expect([gone, held.total <= 1000 * KIB]).toEqual([['g3', 'g2', 'g1'], true]);
});

test('who takes text again keeps it, and nobody is asked for little', () => {
  const { held, holder, gone, run, later } = world();
  held.goesOn(holder('reads', 'a', 600 * KIB));
  for (let n = 0; n < 20; n++) holder(`small ${n}`, 'a', 30 * KIB);
  run();
  expect(gone).toEqual([]);
  // In vain is not tried for every character.
  for (let n = 0; n < 10_000; n++) held.add('a', 1);
  expect(later.length).toBe(0);
  held.add('a', 64 * KIB);
  expect(later.length).toBe(1);
});
