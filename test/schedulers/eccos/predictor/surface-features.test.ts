import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SURFACE_FEATURES, surfaceFeatures } from '../../../../schedulers/eccos/predictor/surface-features.js';

/** The features that are not 0, by name, to four digits. */
function seen(prompt: string): Record<string, number> {
  const values = surfaceFeatures(prompt);
  expect(values).toHaveLength(SURFACE_FEATURES.length);
  return Object.fromEntries(
    SURFACE_FEATURES.map((name, at) => [name, Math.round((values[at] as number) * 1e4) / 1e4] as const).filter(
      ([, value]) => value !== 0,
    ),
  );
}

/** What a feature that is a logarithm of a count counts. */
const counted = (prompt: string, name: string) => Math.round(Math.expm1(seen(prompt)[name] ?? 0));

test('there are 60, each with a name of its own', () => {
  expect(SURFACE_FEATURES).toHaveLength(60);
  expect(new Set(SURFACE_FEATURES).size).toBe(60);
});

test('trained weights rest on these values: they must not change', () => {
  expect(seen('What is 12 + 7.5?\n(A) 19\n(B) 19.5 kg')).toMatchInlineSnapshot(`
    {
      "brackets": 1.6094,
      "decimals": 1.0986,
      "digitShare": 0.25,
      "distinctWords": 0.8182,
      "lines": 1.0986,
      "logCharacters": 3.6109,
      "logLargestNumber": 2.9957,
      "logWords": 2.4849,
      "longestLine": 2.8904,
      "meanWordLength": 1.7273,
      "numbers": 1.6094,
      "numericOptions": 1.0986,
      "operators": 0.6931,
      "options": 1.0986,
      "punctuationShare": 0.2222,
      "questionMarks": 0.6931,
      "sentences": 0.6931,
      "units": 0.6931,
      "upperShare": 0.0833,
      "what": 1,
      "wordsPerSentence": 2.4849,
    }
  `);
  expect(seen('def add(a, b):\n    return a + b\nWrite a test in 50 words.')).toMatchInlineSnapshot(`
    {
      "brackets": 1.0986,
      "code": 1,
      "codeKeywords": 1.0986,
      "colons": 0.6931,
      "commas": 0.6931,
      "digitShare": 0.0351,
      "distinctWords": 0.7692,
      "indentedLines": 0.6931,
      "lines": 1.0986,
      "logAskedLength": 3.9318,
      "logCharacters": 4.0604,
      "logLargestNumber": 3.9318,
      "logWords": 2.6391,
      "longestLine": 3.2581,
      "meanWordLength": 2.6923,
      "numbers": 0.6931,
      "operators": 0.6931,
      "punctuationShare": 0.1053,
      "sentences": 0.6931,
      "upperShare": 0.0175,
      "wordsPerSentence": 2.6391,
      "write": 1,
    }
  `);
  expect(seen('')).toMatchInlineSnapshot(`{}`);
  expect(seen('こんにちは \u{1f600}')).toMatchInlineSnapshot(`
    {
      "distinctWords": 1,
      "foreignShare": 0.875,
      "logCharacters": 2.1972,
      "logWords": 0.6931,
      "longestLine": 2.1972,
      "meanWordLength": 5,
      "punctuationShare": 0.125,
      "wordsPerSentence": 0.6931,
    }
  `);
});

test.each([
  ['numbers', 'from 3 to 1,000 or 2.5', 3],
  ['largeNumbers', 'in 2024 and 12345', 2],
  ['latexCommands', '\\frac{1}{2} \\alpha', 2],
  ['options', 'A. one\nB. two\n\n\n  (C) three', 3],
  ['numericOptions', 'A. 5\nB) $7\n(C) x', 2],
  ['listItems', '- a\n* b\n1. c\n  2) d', 4],
  ['negations', "it isn't not never", 3],
  ['blankLines', 'a\n\nb\n \nc', 2],
  ['codeLoops', 'for i in range(3):\n  while true {\nfor nothing', 2],
  ['capitals', 'NASA and ESA, not Me', 2],
])('%s in %j: %i', (name, prompt, count) => {
  expect(counted(prompt, name)).toBe(count);
});

test.each([
  ['asks for a length', 'Answer in 250 words.', 'logAskedLength', Math.log1p(250)],
  ['ends with a question', 'Why?  \n', 'endsWithQuestion', 1],
  ['who', 'Whose is it', 'who', 1],
  ['code', '```js', 'code', 1],
])('%s', (_what, prompt, name, value) => {
  expect(seen(prompt)[name]).toBeCloseTo(value, 3);
});

describe('any text', () => {
  test('has finite features, the same ones each time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), surrogates), (text) => {
        const features = surfaceFeatures(text);
        expect(features.every(Number.isFinite)).toBe(true);
        expect(surfaceFeatures(text)).toEqual(features);
      }),
      { numRuns: 500 },
    );
  });

  test('is looked at up to 4,000 characters; of the rest only the length shows', () => {
    const head = 'word '.repeat(800);
    const [short, long] = [seen(head), seen(head + '1\n?x'.repeat(250_000))];
    expect({ ...long, logCharacters: 0 }).toEqual({ ...short, logCharacters: 0 });
    expect(long['logCharacters']).toBeCloseTo(Math.log1p(1_004_000), 3);
  });

  test.each(['\n', '\r', '\u2029', '\n \t'])('is not looked at once for each empty line: %j over and over', (piece) => {
    // 0.2 s in all; looked at once for each line it is 600 times .06 s or more, and runs out of time.
    const text = piece.repeat(4000);
    for (let n = 0; n < 600; n++) expect(surfaceFeatures(text)).toHaveLength(60);
  });
});

const surrogates = fc
  .array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 50 })
  .map((codes) => String.fromCharCode(...codes));
