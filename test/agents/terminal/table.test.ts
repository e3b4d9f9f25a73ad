import { expect, test } from 'vitest';
import { dollars, renderTable, seconds } from '../../../agents/terminal/table.js';

test('columns are aligned, numbers to the right', () => {
  const table = renderTable(
    ['PID', 'NAME', 'USD'],
    [
      [1, 'a', '0.50'],
      [20, 'longer', '12.00'],
      [300, undefined, '-'],
    ],
  );
  expect(table).toBe('PID  NAME      USD\n  1  a        0.50\n 20  longer  12.00\n300              -\n');
});

test('without rows there is no table', () => {
  expect(renderTable(['PID'], [])).toBe('');
});

test('a name can neither drive the terminal nor break its line', () => {
  expect(renderTable(['NAME'], [['\x1b[2Jevil\nname\x9b']])).toBe('NAME\n\u{FFFD}[2Jevil name\u{FFFD}\n');
});

test.each([
  [0, '0.00'],
  [12.345, '12.35'],
  [0.5, '0.500'],
  [0.000_012_34, '0.0000123'],
  [1e-15, '0.000000000000'],
])('%d dollars are %s', (usd, text) => {
  expect(dollars(usd)).toBe(text);
});

test('milliseconds are shown as seconds', () => {
  expect(seconds(1234.5)).toBe('1.23');
});
