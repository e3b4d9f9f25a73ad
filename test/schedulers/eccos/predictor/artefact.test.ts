import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Artefact,
  hashOf,
  readArtefact,
  SeenPrompts,
  writeArtefact,
} from '../../../../schedulers/eccos/predictor/artefact.js';
import { SURFACE_FEATURES } from '../../../../schedulers/eccos/predictor/surface-features.js';

const prompts = (from: number, count: number) => Array.from({ length: count }, (_, n) => `prompt ${from + n}`);

describe('prompts that were trained on', () => {
  const seen = SeenPrompts.of(prompts(0, 3000));

  test('are all recognised, and no other one', () => {
    expect(prompts(0, 3000).every((prompt) => seen.has(prompt))).toBe(true);
    expect(prompts(3000, 20_000).filter((prompt) => seen.has(prompt))).toEqual([]);
    expect(['', 'prompt 1 ', 'Prompt 1', 'prompt'].filter((prompt) => seen.has(prompt))).toEqual([]);
  });

  test('take 8 bytes each, in an order that says nothing about theirs', () => {
    const bytes = seen.toBytes();
    expect(bytes).toHaveLength(8 * 3000);
    expect(SeenPrompts.of(prompts(0, 3000).reverse()).toBytes()).toEqual(bytes);
    const restored = SeenPrompts.fromBytes(bytes);
    expect(prompts(0, 3000).every((prompt) => restored.has(prompt))).toBe(true);
    expect(restored.has('prompt 3000')).toBe(false);
    expect(restored.toBytes()).toEqual(bytes);
  });

  test('may be none', () => {
    expect(SeenPrompts.fromBytes(SeenPrompts.of([]).toBytes()).has('')).toBe(false);
  });
});

describe('files of a predictor', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'artefact-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const width = 2 + SURFACE_FEATURES.length;
  const heads = Uint8Array.of(1, 2, 3);
  const seen = SeenPrompts.of(prompts(0, 5));
  const artefact: Artefact = {
    heads,
    seen,
    file: {
      format: 'eccos-predictor',
      version: 1,
      encoder: { sha256: 'e'.repeat(64), dimensions: 2 },
      heads: hashOf(heads),
      seen: hashOf(seen.toBytes()),
      surfaceFeatures: [...SURFACE_FEATURES],
      scale: { mean: new Array(width).fill(0.5), deviation: new Array(width).fill(1) },
      models: [
        {
          name: 'one',
          records: 5,
          meanScore: 0.4,
          logTokens: { mean: 4, deviation: 1 },
          smearing: 1.2,
          p90Residual: 0.9,
        },
      ],
      training: { seed: 1, data: [], trainRecords: 4, validationRecords: 1, nets: [{ loss: 0.5, epoch: 3 }] },
      metrics: { auc: 0.7, ece: null },
    },
  };

  test('are read as they were written, and nothing else is left behind', async () => {
    const deep = join(folder, 'a', 'b');
    await writeArtefact(deep, artefact);
    await writeArtefact(deep, artefact);
    expect((await readdir(deep)).sort()).toEqual(['heads.onnx', 'predictor.json', 'seen.bin']);
    const read = await readArtefact(deep);
    expect(read.file).toEqual(artefact.file);
    expect([...read.heads]).toEqual([...heads]);
    expect(read.seen.toBytes()).toEqual(artefact.seen.toBytes());
  });

  test.each(['heads.onnx', 'seen.bin', 'predictor.json'])('are refused without %s', async (name) => {
    await writeArtefact(folder, artefact);
    await rm(join(folder, name));
    await expect(readArtefact(folder)).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining(`Expected ${join(folder, name)} to be a readable file: ENOENT`),
    });
  });

  test('a list of prompts that is cut is refused: what was trained on would look new', async () => {
    await writeArtefact(folder, artefact);
    const path = join(folder, 'seen.bin');
    await writeFile(path, (await readFile(path)).subarray(0, 32));
    await expect(readArtefact(folder)).rejects.toThrow(`Expected ${path} to have sha256 ${artefact.file.seen}, got `);
  });

  test.each<[string, object, string]>([
    [
      'a scale of another length',
      { scale: { mean: [1], deviation: [1] } },
      `scale.mean to hold ${width} numbers, got 1`,
    ],
    ['an invalid hash', { heads: 'abc' }, 'predictor.heads: Expected 64 hexadecimal digits, got "abc"'],
    ['a member that is not known', { more: 1 }, 'predictor'],
    ['a mean score of 2', { models: [{ ...artefact.file.models[0], meanScore: 2 }] }, 'predictor.models.0.meanScore: '],
  ])('%s is reported by file, field and rule', async (_what, change, message) => {
    await writeArtefact(folder, { ...artefact, file: { ...artefact.file, ...change } });
    const failed = expect(readArtefact(folder)).rejects;
    await failed.toThrow(message);
    await expect(readArtefact(folder)).rejects.toThrow(join(folder, 'predictor.json'));
  });
});
