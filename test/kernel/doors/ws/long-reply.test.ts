import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLongReply, LongReply } from '../../../../kernel/doors/ws/long-reply.js';

const replyOf = (text: string) => ({
  ...{ jsonrpc: '2.0' as const, id: 'a"}}' },
  result: { syscallId: 's', text, toolCalls: [], usage: { inputTokens: 1 }, text2: '"}}' },
});

test('is the JSON of the reply, in pieces that are whole texts', () => {
  const any = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(any, fc.integer({ min: 4000, max: 9000 }), (unit, times) => {
      const reply = replyOf(`${unit}"\\\n\u{1f600}x`.repeat(times));
      const pieces = [...new LongReply(reply)];
      expect(JSON.parse(pieces.join(''))).toEqual(reply);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('only what is long is one', () => {
  expect(isLongReply(replyOf('x'.repeat(2 ** 16)))).toBe(false);
  expect(isLongReply(replyOf('x'.repeat(2 ** 16 + 1)))).toBe(true);
  expect([isLongReply({ error: {} }), isLongReply({ result: {} }), isLongReply({ result: null })]).toEqual([
    false,
    false,
    false,
  ]);
});
