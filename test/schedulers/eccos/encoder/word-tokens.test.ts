import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';
import { shippedEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { hasApartWords, WordTokens } from '../../../../schedulers/eccos/encoder/word-tokens.js';
import { REFERENCE_TEXTS } from './reference-texts.js';
import { tinyTokenizer } from './tiny-encoder.js';

const SHIPPED = JSON.parse(readFileSync(join(shippedEncoder(), 'tokenizer.json'), 'utf8'));

test('words one by one are the tokens of the whole text', () => {
  const tokenizer = new Tokenizer(SHIPPED, {});
  const words = new WordTokens((text) => tokenizer.encode(text).ids);
  for (const text of REFERENCE_TEXTS) expect(words.ids(text)).toEqual(tokenizer.encode(text).ids);
});

test('a word is read once', () => {
  const read: string[] = [];
  const words = new WordTokens((word) => {
    read.push(word);
    return [word.length];
  });
  expect(words.ids(' one two\none\u3000two three ')).toEqual([3, 3, 3, 3, 5]);
  expect(words.ids('three')).toEqual([5]);
  expect(read).toEqual(['one', 'two', 'three']);
  expect([words.ids(''), words.ids(' \n ')]).toEqual([[], []]);
});

test('only of a tokenizer whose pieces end with their word', () => {
  const other = (change: (copy: typeof SHIPPED) => void) => {
    const copy = structuredClone(SHIPPED);
    change(copy);
    return hasApartWords(copy);
  };
  expect(hasApartWords(SHIPPED)).toBe(true);
  expect(hasApartWords(tinyTokenizer())).toBe(false);
  expect(other((copy) => copy.model.vocab.push(['of▁the', -5]))).toBe(false);
  expect(other((copy) => copy.normalizer.normalizers.pop())).toBe(false);
  expect(other((copy) => copy.normalizer.normalizers.push({ type: 'Lowercase' }))).toBe(false);
  expect(other((copy) => (copy.post_processor = { type: 'TemplateProcessing' }))).toBe(false);
});
