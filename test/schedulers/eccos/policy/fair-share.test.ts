import { expect, test } from 'vitest';
import { FairShare } from '../../../../schedulers/eccos/policy/fair-share.js';

test('a program that sends many calls has its turn for the next one when the one before has had its time', () => {
  const share = new FairShare();
  expect([0, 1, 2].map(() => share.admit(1, 5))).toEqual([0, 5, 10]);
  // Another program comes first, and no later for it.
  const turn = share.admit(2, 5);
  expect([turn, share.aheadS(turn), share.aheadS(10)]).toEqual([0, 0, 10]);
});

test('time goes by with the earliest turn that is pending; who comes later owes nothing for it', () => {
  const share = new FairShare();
  for (let n = 0; n < 3; n++) share.admit(1, 5);
  share.advance([10, 5]);
  expect([share.aheadS(5), share.aheadS(10), share.admit(2, 1)]).toEqual([0, 5, 5]);
  share.advance([0]);
  expect(share.admit(3, 1)).toBe(5);
});

test('when nothing is pending all is forgiven', () => {
  const share = new FairShare();
  share.admit(1, 100);
  share.advance([]);
  expect(share.admit(1, 1)).toBe(0);
});

test('programs that have had no more than their share are forgotten, others are not', () => {
  const share = new FairShare();
  for (let program = 1; program <= 5000; program++) share.admit(program, program % 10 === 0 ? 100 : 0);
  expect(share.admit(10, 1)).toBe(100);
  expect(share.admit(11, 1)).toBe(0);
});
