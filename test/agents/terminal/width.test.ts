import { describe, expect, test } from 'vitest';
import { renderColumns, renderTable } from '../../../agents/terminal/table.js';
import { cutTo, padEnd, padStart, widthOf } from '../../../agents/terminal/width.js';

const WIDTHS: readonly (readonly [text: string, cells: number])[] = [
  ['agent', 5],
  ['東京エージェント', 16],
  ['한국어', 6],
  ['ＦＵＬＬ', 8],
  ['ｶﾅ', 2],
  ['agent 🤖', 8],
  ['👩‍👩‍👧‍👦', 2],
  ['👍🏽', 2],
  ['🇯🇵', 2],
  ['❤️', 2],
  ['e\u0301cole', 5],
  ['a\u200bb', 2],
  ['\x1b[31mred\x1b[0m', 3],
  ['', 0],
];

test.each(WIDTHS)('%s takes %d cells, and is filled up to a width', (text, cells) => {
  expect(widthOf(text)).toBe(cells);
  expect(widthOf(padEnd(text, 20))).toBe(20);
  expect(widthOf(padStart(text, 20))).toBe(20);
  expect([padEnd(text, 0), padStart(text, 0)]).toEqual([text, text]);
});

describe('a table', () => {
  const names = WIDTHS.map(([text]) => text).filter((text) => text !== '' && !text.includes('\x1b'));

  test('has each column begin in one cell, whatever is in it', () => {
    const rows = names.map((name, n) => [name, 'local', n]);
    const lines = renderTable(['名前', 'TENANT', 'PENDING'], rows).trimEnd().split('\n');
    expect(lines).toHaveLength(names.length + 1);
    expect(new Set(lines.map((line) => widthOf(line.slice(0, line.search(/TENANT|local/))))).size).toBe(1);
    expect(new Set(lines.map(widthOf)).size).toBe(1);
  });

  test('whose cells hold colour codes shows them as text, and is aligned all the same', () => {
    const lines = renderTable(
      ['A', 'B'],
      [
        ['\x1b[31mred\x1b[0m', 'x'],
        ['plain', 'x'],
      ],
    )
      .trimEnd()
      .split('\n');
    expect(lines).toEqual(['A             B', '\u{FFFD}[31mred\u{FFFD}[0m  x', 'plain         x']);
  });

  test('of columns is cut into blocks by cells, and aligned', () => {
    const columns = [
      ['東京', '1'],
      ['京都', '2'],
      ['大阪', '3'],
    ];
    expect(renderColumns(['都市', 'n'], columns, 17)).toBe('都市  東京  京都\nn     1     2\n\n都市  大阪\nn     3\n');
    expect(renderColumns(['都市', 'n'], columns, 15).split('\n\n')).toHaveLength(3);
  });
});

test.each([
  ['abc', 2, 'ab'],
  ['東京', 3, '東'],
  ['東京', 4, '東京'],
  ['東京', 1, ''],
  ['a👩‍👩‍👧b', 2, 'a'],
  ['a👩‍👩‍👧b', 3, 'a👩‍👩‍👧'],
  ['e\u0301e\u0301', 1, 'e\u0301'],
  ['abc', 0, ''],
])('%s cut to %d cells is %s', (text, cells, cut) => {
  expect(cutTo(text, cells)).toBe(cut);
});
