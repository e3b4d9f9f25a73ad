import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wellFormed } from '../../../../../kernel/cores/provider/transport/well-formed.js';

test.each([
  ['a cut emoji at the end', ['a log \ud83d'], ['a log \ufffd']],
  ['the other half at the start', ['\ude00 left'], ['\ufffd left']],
  ['a whole emoji', ['\ud83d\ude00'], ['\ud83d\ude00']],
  ['halves in the wrong order', ['\ude00\ud83d'], ['\ufffd\ufffd']],
  ['two first halves before a second', ['\ud83d\ud83d\ude00'], ['\ufffd\ud83d\ude00']],
  ['a name', { 'k\udfff': 1 }, { 'k\ufffd': 1 }],
  ['a text about an escape', ['\\ud83d is half'], ['\\ud83d is half']],
  ['a backslash before a half', ['\\\ud83d'], ['\\\ufffd']],
  ['three backslashes before letters', ['\\\\\\udc00'], ['\\\\\\udc00']],
  ['deep inside', { a: [{ b: { c: 'x\udbff' } }] }, { a: [{ b: { c: 'x\ufffd' } }] }],
  ['quotes and line ends beside it', ['"\n\ud800"\t\\n'], ['"\n\ufffd"\t\\n']],
])('in JSON, %s', (_, value, expected) => {
  expect(JSON.parse(wellFormed(JSON.stringify(value)))).toEqual(expected);
});

test.each([
  ['a pair in escapes', '["\\ud83d\\ude00"]', '["\\ud83d\\ude00"]'],
  ['capitals', '["\\uD83D", "\\uD83D\\uDE00", "\\uDE00"]', '["\ufffd", "\\uD83D\\uDE00", "\ufffd"]'],
  ['a half that is written out', '["\ud83d"]', '["\ufffd"]'],
  ['a text without JSON', 'half \udfff', 'half \ufffd'],
])('%s', (_, json, expected) => {
  expect(wellFormed(json)).toBe(expected);
});

test('any value comes out as the same value with every half replaced, and what is well-formed stays', () => {
  const units = fc.oneof(
    fc.constantFrom('\ud83d', '\ude00', '\\', '"', 'u', 'd83d', '\\u', '\n', 'x', '\ud83d\ude00'),
    fc.string({ unit: 'binary' }),
  );
  const text = fc.array(units, { maxLength: 12 }).map((parts) => parts.join(''));
  const mend = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');
  fc.assert(
    fc.property(text, text, (name, value) => {
      const json = JSON.stringify([{ name: [name] }, value]);
      const sent = wellFormed(json);
      expect(JSON.parse(sent)).toEqual([{ name: [mend(name)] }, mend(value)]);
      expect(mend(sent)).toBe(sent);
      expect(wellFormed(sent)).toBe(sent);
    }),
    { numRuns: 500 },
  );
});
