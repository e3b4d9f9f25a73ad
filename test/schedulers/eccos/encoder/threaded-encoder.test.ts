import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OnnxEncoder } from '../../../../schedulers/eccos/encoder/onnx-encoder.js';
import { openEncoder } from '../../../../schedulers/eccos/encoder/open-encoder.js';
import { ThreadedEncoder } from '../../../../schedulers/eccos/encoder/threaded-encoder.js';
import { REFERENCE_TEXTS } from './reference-texts.js';
import { tinyModel, tinyTokenizer, writeEncoder } from './tiny-encoder.js';

const folder = mkdtempSync(join(tmpdir(), 'threaded-'));
let encoder: ThreadedEncoder;
beforeAll(async () => {
  encoder = await ThreadedEncoder.open();
});
afterAll(async () => {
  await encoder.close();
  rmSync(folder, { recursive: true });
});

test('the thread gives what the calling thread would, in order', async () => {
  const here = await OnnxEncoder.open();
  expect(encoder.dimensions).toBe(here.dimensions);
  expect(await encoder.encode(REFERENCE_TEXTS)).toEqual(await here.encode(REFERENCE_TEXTS));
  expect(await encoder.encode([])).toEqual([]);
  await here.close();
});

test('two threads give what one gives, in order', async () => {
  const two = await ThreadedEncoder.open(undefined, 2);
  const texts = [...REFERENCE_TEXTS].reverse();
  const [some, others] = await Promise.all([two.encode(REFERENCE_TEXTS), two.encode(texts)]);
  expect(some).toEqual(await encoder.encode(REFERENCE_TEXTS));
  expect([...others].reverse()).toEqual(some);
  await two.close();
});

test('a single text does not wait for a heavy batch, and the event loop turns all the while', async () => {
  const ended: string[] = [];
  let turns = 0;
  const turn = () => {
    turns++;
    if (ended.length < 2) setImmediate(turn);
  };
  setImmediate(turn);
  const heavy = encoder.encode(Array(64).fill('A long text of some kind. '.repeat(30))).then(() => ended.push('heavy'));
  await encoder.encode(['light']).then(() => ended.push('light'));
  await heavy;
  expect(ended).toEqual(['light', 'heavy']);
  expect(turns).toBeGreaterThan(64);
});

test('errors keep their code and message', async () => {
  const missing = {
    code: 'invalid-config',
    message: expect.stringContaining(`Expected ${folder}/tokenizer.json to be`),
  };
  await expect(ThreadedEncoder.open(folder)).rejects.toMatchObject(missing);
  writeEncoder(folder, tinyModel(), {
    ...tinyTokenizer(),
    post_processor: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      vocab: { '[UNK]': 0, how: 1, wide: 2, is: 3, it: 4, '?': 5, beyond: 99 },
    },
  });
  const broken = await ThreadedEncoder.open(folder);
  const beyond = { code: 'invalid-config', message: expect.stringContaining('model.onnx to run on its inputs, got: ') };
  await expect(broken.encode(['how', 'beyond'])).rejects.toMatchObject(beyond);
  expect((await broken.encode(['how']))[0]).toHaveLength(3);
  await broken.close();
});

test('closing ends what is under way, once and for all', async () => {
  const closing = await openEncoder();
  const underWay = closing.encode(Array.from({ length: 200 }, (_, at) => `text ${at}`));
  const ended = expect(underWay).rejects.toMatchObject({ code: 'cancelled' });
  await Promise.all([closing.close(), closing.close()]);
  await ended;
  await expect(closing.encode(['late'])).rejects.toMatchObject({ code: 'cancelled' });
});

/** Runs a script with an open `encoder` in a process of its own. @returns what it printed */
async function inProcess(script: string): Promise<string> {
  const module = join(createRequire(import.meta.url).resolve('#encoder-thread'), '../open-encoder.js');
  const code = `const encoder = await (await import(${JSON.stringify(module)})).openEncoder();\n${script}`;
  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 25_000 });
  return ended.stdout;
}

test('an idle thread keeps no process alive', async () => {
  const script = "process.stdout.write(String((await encoder.encode(['a text']))[0].length));";
  expect(await inProcess(script)).toBe('512');
});

test('a process may end while the thread computes', async () => {
  const script = `encoder.encode(Array.from({ length: 100 }, (_, at) => 'word '.repeat(100) + at));
    await encoder.encode(['light']);
    process.stdout.write('ends');
    process.exit(0);`;
  expect(await inProcess(script)).toBe('ends');
});
