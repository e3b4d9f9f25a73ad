import { expect, test } from 'vitest';
import { FinishedCalls } from '../../../kernel/call/finished-calls.js';

const entry = (at: number, size = 1, owner = 'alice') => ({ call: undefined, owner, size, at, rated: undefined });

test('keeps the newest, bounded in number, size and age', () => {
  const finished = new FinishedCalls(() => ({ ms: 1000, count: 3, size: 10 }));
  for (let n = 0; n < 5; n++) finished.add(`s${n}`, entry(n));
  expect([0, 1, 2, 3, 4].filter((n) => finished.find(`s${n}`, 'alice', 5) !== undefined)).toEqual([2, 3, 4]);
  finished.add('large', entry(6, 9));
  expect([2, 3, 4].filter((n) => finished.find(`s${n}`, 'alice', 6) !== undefined)).toEqual([4]);
  expect(finished.find('large', 'alice', 1006)).toBeDefined();
  expect(finished.find('large', 'alice', 1007)).toBeUndefined();
});

test('goes on so for very many', () => {
  const finished = new FinishedCalls(() => ({ ms: 1e9, count: 100, size: 1e9 }));
  for (let n = 0; n < 10_000; n++) finished.add(`s${n}`, entry(n));
  expect(finished.find('s9899', 'alice', 10_000)).toBeUndefined();
  expect(finished.find('s9900', 'alice', 10_000)).toBeDefined();
});

test('shows nothing to another owner', () => {
  const finished = new FinishedCalls(() => ({ ms: 1000, count: 3, size: 10 }));
  finished.add('s0', entry(0));
  expect(finished.find('s0', 'bob', 0)).toBeUndefined();
});

test('a token that ends very many calls drives out its own, and others keep their part', () => {
  const finished = new FinishedCalls(() => ({ ms: 1e9, count: 100, size: 1000 }));
  const kept = (owner: string) =>
    Array.from({ length: 2000 }, (_, n) => `${owner}${n}`).filter((id) => finished.find(id, owner, 0) !== undefined);
  for (let n = 0; n < 30; n++) finished.add(`bob${n}`, entry(0, 1, 'bob'));
  for (let n = 0; n < 2000; n++) finished.add(`alice${n}`, entry(0, 1, 'alice'));
  expect([kept('alice').length, kept('bob').length]).toEqual([70, 30]);
  // Bytes count as well.
  for (let n = 0; n < 50; n++) finished.add(`carol${n}`, entry(0, 100, 'carol'));
  expect([kept('alice').length, kept('bob').length > 20, kept('carol').length >= 3]).toEqual([
    expect.any(Number),
    true,
    true,
  ]);
  // Who comes late gets his part from those who have more than theirs.
  for (let n = 0; n < 20; n++) finished.add(`dave${n}`, entry(0, 1, 'dave'));
  expect(kept('dave').length).toBe(20);
});
