import fc from 'fast-check';
import { expect, test } from 'vitest';
import { widthOf } from '../../../agents/terminal/width.js';
import { Wrap } from '../../../agents/terminal/wrap.js';

function wrapped(width: number, ...pieces: string[]): string {
  const wrap = new Wrap(width);
  return pieces.map((piece) => wrap.take(piece)).join('') + wrap.end();
}

test.each([
  ['breaks between words', 10, 'one two three four', 'one two\nthree four\n'],
  ['keeps line breaks and blanks within a line', 10, 'a  b\n\n  c', 'a  b\n\n  c\n'],
  ['drops blanks at the end of a line', 10, 'a   \nb    ', 'a\nb\n'],
  ['keeps a wide word whole', 4, 'a reallylong b', 'a\nreallylong\nb\n'],
  ['counts cells, not characters', 6, '日本 日本', '日本\n日本\n'],
  [
    'breaks nothing without a width',
    Number.POSITIVE_INFINITY,
    'one two '.repeat(99),
    `${'one two '.repeat(99).trim()}\n`,
  ],
  ['says nothing of nothing', 10, '  ', ''],
  ['adds no second line end', 10, 'one\n', 'one\n'],
])('%s', (_, width, text, lines) => {
  expect(wrapped(width, text)).toBe(lines);
});

test('makes the same of a text in pieces, and loses no word', () => {
  const word = fc.constantFrom('a', 'word', 'longer', '日本', ' ', '  ', '\n');
  fc.assert(
    fc.property(fc.array(word), fc.integer({ min: 6, max: 20 }), (pieces, width) => {
      const text = pieces.join('');
      const lines = wrapped(width, ...pieces);
      expect(lines).toBe(wrapped(width, text));
      expect(lines.split(/\s+/).join(' ').trim()).toBe(text.split(/\s+/).join(' ').trim());
      const tooWide = lines.split('\n').filter((line) => widthOf(line) > width && / /.test(line.trim()));
      expect(tooWide).toEqual([]);
    }),
  );
});
