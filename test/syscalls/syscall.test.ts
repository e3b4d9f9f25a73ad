import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import { accepted, isFinal, type SyscallEvent, type SyscallState, transition } from '../../syscalls/syscall.js';

const error = new SyscallError('cancelled', 'x');
const makers: ((at: number) => SyscallEvent)[] = [
  (at) => ({ type: 'schedule', at, core: `core-${at % 3}`, reason: 'x' }),
  () => ({ type: 'withdraw' }),
  (at) => ({ type: 'start', at }),
  (at) => ({ type: 'first-token', at }),
  () => ({ type: 'suspend' }),
  () => ({ type: 'retry' }),
  (at) => ({ type: 'complete', at, reply: {} as ChatReply }),
  (at) => ({ type: 'fail', at, error }),
  (at) => ({ type: 'cancel', at, error }),
  (at) => ({ type: 'expire', at, error }),
];

test('whatever happens, a syscall ends at most once, and no time is ever set anew or runs backwards', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: makers.length - 1 }), { maxLength: 60 }), (kinds) => {
      let state: SyscallState = accepted(0);
      let ends = 0;
      for (const [n, kind] of kinds.entries()) {
        const event = (makers[kind] as (at: number) => SyscallEvent)(n + 1);
        const before = state;
        try {
          state = transition(state, event);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
          continue;
        }
        expect(isFinal(before)).toBe(false);
        if (isFinal(state)) ends++;
        for (const [key, at] of Object.entries(before.times)) expect(state.times).toHaveProperty(key, at);
        const {
          accepted: first,
          scheduled = first,
          started = scheduled,
          firstToken = started,
          ended = firstToken,
        } = state.times;
        expect([first, scheduled, started, firstToken, ended].toSorted((a, b) => a - b)).toEqual([
          first,
          scheduled,
          started,
          firstToken,
          ended,
        ]);
      }
      expect(ends).toBeLessThanOrEqual(1);
      expect(isFinal(state)).toBe(ends === 1);
    }),
    { numRuns: 2000 },
  );
});

test('a call must be scheduled before it starts, and run before it is done', () => {
  const waiting = accepted(0);
  expect(() => transition(waiting, { type: 'start', at: 1 })).toThrow('A syscall that is waiting takes no start');
  const scheduled = transition(waiting, { type: 'schedule', at: 1, core: 'a', reason: 'x' });
  expect(() => transition(scheduled, { type: 'complete', at: 1, reply: {} as ChatReply })).toThrow(RangeError);
  expect(transition(transition(scheduled, { type: 'start', at: 2 }), { type: 'suspend' })).toMatchObject({
    status: 'suspended',
    core: 'a',
  });
});
