import { describe, expect, test } from 'vitest';
import {
  change,
  count,
  duration,
  intervalOf,
  plain,
  points,
  usd,
} from '../../../../../agents/lab/render/page/format.js';

describe('figures of the page', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [0.000123456, '0.000123'],
    [0.65, '0.65'],
    [-12.345, '−12.3'],
    [123456.7, '123,457'],
  ])('%d in three digits: %s', (value, text) => expect(plain(value)).toBe(text));

  test.each([
    [0, '0\u00a0ms'],
    [999, '999\u00a0ms'],
    [1500, '1.5\u00a0s'],
    [119_000, '119\u00a0s'],
    [180_000, '3\u00a0min'],
    [7_200_000, '2\u00a0h'],
  ])('%d ms: %s', (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0.57, '−43\u00a0%'],
    [1, '0\u00a0%'],
    [1.2, '+20\u00a0%'],
    [6.37, '×\u00a06.37'],
  ])('%d of the base: %s', (share, text) => expect(change(share)).toBe(text));

  test('points have their sign, counts their thousands, dollars their unit', () => {
    expect([points(1.5), points(-1.5), points(0)]).toEqual(['+1.5', '−1.5', '0']);
    expect(count(1234567)).toBe('1,234,567');
    expect(usd(0.5)).toBe('$0.5');
  });

  test('one seed has no interval, and an end of one may be out of reach', () => {
    expect(intervalOf({ mean: 1, low: null, high: null }, plain)).toBeNull();
    expect(intervalOf({ mean: 1, low: 0.5, high: 1.5 }, plain)).toBe('0.5 to 1.5');
    expect(intervalOf({ mean: 1, low: null, high: 1.5 }, plain)).toBe('– to 1.5');
  });

  test.each([
    [{ mean: 1100, low: 900, high: 1200 }, duration, '0.9\u00a0s to 1.2\u00a0s'],
    [{ mean: 950, low: 900, high: 1200 }, duration, '900\u00a0ms to 1,200\u00a0ms'],
    [{ mean: 130_000, low: 60_000, high: 7_300_000 }, duration, '1\u00a0min to 122\u00a0min'],
    [{ mean: 2.1, low: 1.5, high: 2.7 }, change, '×\u00a01.5 to ×\u00a02.7'],
    [{ mean: 1.9, low: 0.5, high: 2.7 }, change, '−50\u00a0% to +170\u00a0%'],
  ])('the ends of %j have the unit of its mean', (figure, format, text) => {
    expect(intervalOf(figure, format)).toBe(text);
  });
});
