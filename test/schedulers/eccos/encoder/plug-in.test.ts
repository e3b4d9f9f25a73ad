import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GraphBuilder } from '../../../../agents/lab/training/onnx-graph.js';
import { OnnxEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { type TinyModel, tinyModel, tinyTokenizer, WORDS, writeEncoder } from './tiny-encoder.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plug-in-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the tiny network gives for `[CLS] words [SEP]`, as a unit vector. */
function expected(...words: readonly (typeof WORDS)[number][]): number[] {
  return expectedIds(2, ...words.map((word) => WORDS.indexOf(word)), 3);
}

function expectedIds(...ids: readonly number[]): number[] {
  const sum = ids.reduce((total, id) => total + id, 0);
  return [sum, ids.length, -sum].map((value) => value / Math.hypot(sum, ids.length, sum));
}

async function encodeOnce(...texts: readonly string[]): Promise<number[][]> {
  const encoder = await OnnxEncoder.open(folder);
  expect(encoder.dimensions).toBe(3);
  const vectors = await encoder.encode(texts);
  await encoder.close();
  return vectors.map((vector) => [...vector]);
}

function expectClose(found: readonly number[] | undefined, wanted: readonly number[]): void {
  for (const [at, value] of wanted.entries()) expect(found?.[at]).toBeCloseTo(value, 6);
}

test.each<TinyModel>([
  { gives: 'states' },
  { gives: 'sentence' },
  { gives: 'both' },
  { gives: 'states', types: true },
])('any encoder of the BERT class fits: %j', async (model) => {
  writeEncoder(folder, tinyModel(model));
  const [red, many, unknown, none] = await encodeOnce('Red', 'green  BLUE\ngreen', 'purple', '');
  expectClose(red, expected('red'));
  expectClose(many, expected('green', 'blue', 'green'));
  expectClose(unknown, expected('[UNK]'));
  expectClose(none, expected());
});

test('of a long text the first 64 and the last 64 tokens count, marks included', async () => {
  writeEncoder(folder, tinyModel());
  const [long] = await encodeOnce(`${'red '.repeat(63)}${'green '.repeat(40)}${'blue '.repeat(63)}`);
  expectClose(long, expected(...Array(63).fill('red'), ...Array(63).fill('blue')));
});

test('a tokenizer that truncates says how many tokens count', async () => {
  writeEncoder(folder, tinyModel(), { ...tinyTokenizer(), truncation: { max_length: 5 } });
  const [long] = await encodeOnce('red red blue blue green green');
  expectClose(long, expectedIds(2, WORDS.indexOf('red'), WORDS.indexOf('red'), WORDS.indexOf('green'), 3));
});

test('a text without a token has a vector, too', async () => {
  writeEncoder(folder, tinyModel(), { ...tinyTokenizer(), post_processor: null });
  const [none] = await encodeOnce('');
  expectClose(none, Array(3).fill(1 / Math.sqrt(3)));
});

const MODEL = tinyModel();
test.each<[string, Uint8Array | undefined, unknown, string]>([
  ['no model', undefined, tinyTokenizer(), 'model.onnx to be a readable ONNX file, got: ENOENT'],
  ['no tokenizer', MODEL, null, 'tokenizer.json to be a Hugging Face tokenizer.json, got: ENOENT'],
  ['a truncated model', MODEL.slice(0, MODEL.length / 2), tinyTokenizer(), 'model.onnx to be an ONNX model, got: '],
  ['broken JSON', MODEL, '{"version": "1.0", "mod', 'tokenizer.json to be a Hugging Face tokenizer.json, got: '],
  ['other JSON', MODEL, { weights: [1, 2] }, 'got: model: Invalid input: expected object, but it is missing'],
  ['an empty list', MODEL, [], 'tokenizer.json to be a Hugging Face tokenizer.json, got: '],
  ['an unknown kind', MODEL, { model: { type: 'Nonsense', vocab: {} } }, 'tokenizer.json, got: '],
  [
    'a strange input',
    tinyModel({ strange: true }),
    tinyTokenizer(),
    'to take input_ids, attention_mask, token_type_ids, got "position_ids"',
  ],
  [
    'a wrong rank',
    tinyModel({ gives: 'scalar' }),
    tinyTokenizer(),
    'Expected the output to be [batch, width] or [batch, tokens, width], got [1]',
  ],
  [
    'numbers out of range',
    tinyModel({ scale: 1e38 }),
    tinyTokenizer(),
    'Expected the output to be finite, got a length of Infinity',
  ],
])('%s is reported by file, rule and value', async (_what, model, tokenizer, message) => {
  writeEncoder(folder, model, tokenizer);
  const error = { code: 'invalid-config', message: expect.stringContaining(message) };
  await expect(OnnxEncoder.open(folder)).rejects.toMatchObject(error);
  await expect(OnnxEncoder.open(folder)).rejects.toThrow(folder);
});

test('a model without a mask, and one whose outputs have no known name, are refused', async () => {
  const graph = new GraphBuilder('other');
  const ids = graph.cast(graph.input('input_ids', 'int64', ['batch', 'tokens']), 'float');
  for (const name of ['one', 'two']) {
    graph.node('Identity', [ids], {}, [name]);
    graph.output(name, 'float', ['batch', 'tokens']);
  }
  writeEncoder(folder, graph.toBytes());
  await expect(OnnxEncoder.open(folder)).rejects.toThrow('to have an input "attention_mask", got input_ids');
  graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  writeEncoder(folder, graph.toBytes());
  const rule =
    'to have an output embedding or sentence_embedding or last_hidden_state or token_embeddings, got one, two';
  await expect(OnnxEncoder.open(folder)).rejects.toThrow(rule);
});
