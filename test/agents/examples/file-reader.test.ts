import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileReader } from '../../../agents/examples/file-reader.js';
import type { Tool } from '../../../agents/examples/tool.js';
import { errorOf } from '../../support/kernel.js';

let base: string;
let tool: Tool;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'eccos-reader-'));
  const folder = join(base, 'open');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  mkdirSync(join(base, 'open-secret'));
  writeFileSync(join(folder, 'note.txt'), 'a note, é');
  writeFileSync(join(folder, 'sub', '..data'), 'dots');
  writeFileSync(join(folder, 'long.txt'), 'x'.repeat(40_000));
  writeFileSync(join(folder, 'binary'), Buffer.from([1, 0, 2]));
  for (const secret of ['secret.txt', 'open-secret/secret.txt']) writeFileSync(join(base, secret), 'a secret');
  symlinkSync(join(folder, 'note.txt'), join(folder, 'link-inside'));
  symlinkSync(join(base, 'secret.txt'), join(folder, 'link-outside'));
  symlinkSync(base, join(folder, 'link-folder'));
  symlinkSync(join(base, 'nothing'), join(folder, 'link-nowhere'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  tool = await fileReader(folder);
});
afterAll(() => rmSync(base, { recursive: true }));

const read = (path: string) => tool.run(JSON.stringify({ path }));

describe('the file reader', () => {
  test.each([
    ['note.txt', 'a note, é'],
    ['./sub/../note.txt', 'a note, é'],
    ['link-inside', 'a note, é'],
    ['sub/..data', 'dots'],
    ['sub', '..data'],
  ])('reads %s', async (path, text) => {
    expect(await read(path)).toBe(text);
  });

  test('lists the folder itself', async () => {
    expect((await read('.')).split('\n')).toEqual(expect.arrayContaining(['note.txt', 'sub/', 'long.txt']));
  });

  test.each([
    '../secret.txt',
    'sub/../../secret.txt',
    '../open-secret/secret.txt',
    '..',
    '/etc/passwd',
    'link-outside',
    'link-folder/secret.txt',
    'link-folder',
    'link-nowhere',
    'not-there.txt',
    'pipe',
    'note.txt\0.png',
  ])('refuses %j in the same words, whether it is there or not', async (path) => {
    const { message } = await errorOf(read(path));
    expect(message).toBe(`path: expected a file of this folder, got ${JSON.stringify(path)}`);
  });

  test('reads a root that is a link, but only what is below it', async () => {
    symlinkSync(join(base, 'open'), join(base, 'alias'));
    const alias = await fileReader(join(base, 'alias'));
    expect(await alias.run('{"path":"note.txt"}')).toBe('a note, é');
    await expect(alias.run('{"path":"../secret.txt"}')).rejects.toThrow('expected a file of this folder');
  });

  test('cuts a long file off and says so', async () => {
    const text = await read('long.txt');
    expect(text).toMatch(/^x{32768}\n\[cut off after 32768 bytes\]$/);
  });

  test('takes no binary file', async () => {
    await expect(read('binary')).rejects.toThrow('expected a text file');
  });

  test('needs a folder that is there', async () => {
    expect(await errorOf(fileReader(join(base, 'nowhere')))).toMatchObject({ code: 'invalid-params' });
    expect(await errorOf(fileReader(join(base, 'secret.txt')))).toMatchObject({ code: 'invalid-params' });
  });
});
