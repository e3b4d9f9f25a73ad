import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OnnxEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { cutText, MAX_CHARACTERS } from '../../../../schedulers/eccos/encoder/text.js';
import { cosine, expectUnit } from './reference.js';

let encoder: OnnxEncoder;
beforeAll(async () => {
  encoder = await OnnxEncoder.open();
});
afterAll(() => encoder.close());

async function vectorOf(text: string): Promise<Float32Array> {
  const [vector] = await encoder.encode([text]);
  expectUnit(vector);
  return vector as Float32Array;
}

const STRANGE: Readonly<Record<string, string>> = {
  empty: '',
  'white space': ' \n\t\u3000 ',
  'a lone surrogate': '\ud83d',
  'surrogates the wrong way round': '\udc4d\ud83d'.repeat(2_000),
  'only emoji': '👩‍👩‍👧‍👦'.repeat(500),
  'only Chinese': '天气很好'.repeat(1_000),
  'control characters': '\u0000\u0007\u001b',
  'a megabyte of one letter': 'y'.repeat(1_000_000),
  'a megabyte of words': 'word '.repeat(200_000),
  'a megabyte of white space': ' '.repeat(1_000_000),
  'ligatures that become eighteen letters each': '\ufdfa'.repeat(3_000),
  'the marks of the vocabulary': '<s></s>\ufffd▁▁extra_token_id_1',
};

test.each(Object.keys(STRANGE))('%s has a finite unit vector, the same every time', async (what) => {
  const text = STRANGE[what] as string;
  expect(await vectorOf(text)).toEqual(await vectorOf(text));
});

test('any text has a finite unit vector', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => expectUnit(await vectorOf(text))),
    { numRuns: 60 },
  );
});

test('white space counts as one space, and none at the ends', async () => {
  const wanted = await vectorOf('two words here');
  expect(await vectorOf('  two\twords\r\n\u00a0here\n')).toEqual(wanted);
});

test('a vector does not depend on the other texts of a batch', async () => {
  const texts = ['short', 'a longer text about trains and harbours '.repeat(9), ''];
  const together = await encoder.encode(texts);
  for (const [at, text] of texts.entries()) expect(together[at]).toEqual(await vectorOf(text));
});

test('no texts give no vectors', async () => {
  expect(await encoder.encode([])).toEqual([]);
});

test('the question behind a long prompt changes its vector', async () => {
  const before = 'Here is an example of how to answer a question about history. '.repeat(60);
  const [one, other] = [
    await vectorOf(`${before}What is 7 times 8?`),
    await vectorOf(`${before}Who painted the ceiling?`),
  ];
  expect(cosine(one, other)).toBeLessThan(0.999);
});

test('texts of another subject are further away', async () => {
  const [cat, kitten, tax] = await encoder.encode([
    'My cat sleeps on the sofa.',
    'A kitten naps on the couch.',
    'The invoice must state the rate of value added tax.',
  ]);
  expect(cosine(cat as Float32Array, kitten as Float32Array)).toBeGreaterThan(
    0.1 + cosine(cat as Float32Array, tax as Float32Array),
  );
});

test('cutting keeps head and tail, no more than it may, and changes a cut text no more', () => {
  expect(cutText('  short enough ')).toBe('short enough');
  expect(cutText(`${'a'.repeat(5_000)}middle${'b'.repeat(5_000)}`)).toBe(`${'a'.repeat(1_000)} ${'b'.repeat(999)}`);
  const long = fc.string({
    unit: fc.constantFrom('a', ' ', '\ud83d', '\udc4d', '\ufdfa', 'ﬁ', '\n'),
    maxLength: 5_000,
  });
  fc.assert(
    fc.property(long, (text) => {
      const cut = cutText(text);
      expect(cut.length).toBeLessThanOrEqual(MAX_CHARACTERS);
      expect(cut.normalize('NFKC').length).toBeLessThanOrEqual(MAX_CHARACTERS);
      expect(cutText(cut)).toBe(cut);
    }),
  );
});
