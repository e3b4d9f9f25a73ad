import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeLearnt, encodeLearnt, type LearntKind, MOST_LEARNT_BYTES } from '../../schedulers/learnt.js';

const state = z.strictObject({ turn: z.number(), names: z.array(z.string()) });
const KIND = { policy: 'mine', version: 2, state } as const satisfies LearntKind<typeof state>;
const STATE = { turn: 0.1 + 0.2, names: ['a', 'ü', '\n'] };

test('what was learnt comes back as it was', () => {
  expect(decodeLearnt(KIND, encodeLearnt(KIND, STATE))).toEqual(STATE);
});

function flipped(at: (length: number) => number): Uint8Array {
  const bytes = encodeLearnt(KIND, STATE);
  bytes[at(bytes.length)]! ^= 1;
  return bytes;
}

test.each<[string, Uint8Array, string]>([
  ['of another policy', encodeLearnt({ ...KIND, policy: 'other' }, STATE), 'to be of policy mine, got that of "other"'],
  ['of another version', encodeLearnt({ ...KIND, version: 3 }, STATE), 'to be of version 2, got version 3'],
  ['with a flipped bit', flipped((length) => length - 3), 'to be whole, got'],
  ['with a flipped bit in the header', flipped(() => 3), 'what was learnt: header.'],
  ['cut off', encodeLearnt(KIND, STATE).subarray(0, -1), 'to be whole, got'],
  ['empty', new Uint8Array(), 'to be a header and a state, each JSON, got 0 bytes'],
  ['something else', Buffer.from('PK\u0003\u0004 \n'), 'to be a header and a state, each JSON'],
  ['too many', new Uint8Array(MOST_LEARNT_BYTES + 1), `to be at most ${MOST_LEARNT_BYTES} bytes, got`],
  ['of another shape', encodeLearnt(KIND, { turn: 1 } as never), 'what was learnt: state.names'],
  ['with NaN', encodeLearnt(KIND, { ...STATE, turn: Number.NaN }), 'what was learnt: state.turn'],
])('bytes that are %s are refused by name', (_, bytes, message) => {
  expect(() => decodeLearnt(KIND, bytes)).toThrow(message);
});
