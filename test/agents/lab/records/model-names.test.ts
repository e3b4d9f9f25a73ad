import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readModelNames } from '../../../../agents/lab/records/model-names.js';

test('names come by comma, or one a line from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-names-'));
  const path = join(folder, 'names.txt');
  writeFileSync(path, '\n one model\r\ntwo, three\n\n');
  expect(await readModelNames('one, two')).toEqual(['one', 'two']);
  expect(await readModelNames(`@${path}`)).toEqual(['one model', 'two', 'three']);
  rmSync(folder, { recursive: true });
});

test.each([
  ['', 'one or more different names, got ""'],
  [' , ', 'one or more different names'],
  ['a,b,a', 'one or more different names, got "a,b,a"'],
  ['@/nowhere', 'a readable file after @, got "/nowhere"'],
])('refuses "%s"', async (given, message) => {
  await expect(readModelNames(given)).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(`--models: Expected ${message}`),
  });
});
