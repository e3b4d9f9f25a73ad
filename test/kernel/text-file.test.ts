import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { withCapsOf } from '../../agents/lab/compare/caps.js';
import { readTrace } from '../../agents/lab/load/trace-file.js';
import { readRecords } from '../../agents/lab/records/labelled-records.js';
import { readModelNames } from '../../agents/lab/records/model-names.js';
import { loadConfig } from '../../kernel/config/config.js';
import { OutcomeFiles } from '../../kernel/outcomes/file.js';
import { linesOf, readText } from '../../kernel/text-file.js';
import { outcomeRecord } from '../support/outcomes.js';

const folder = mkdtempSync(join(tmpdir(), 'text-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string | Uint8Array, name = `${files++}.txt`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(content: string | Uint8Array): Promise<string[]> {
  const lines = [];
  for await (const line of linesOf(file(content))) lines.push(line);
  return lines;
}

const MARK = '\u{FEFF}';
const utf16be = (text: string) => Buffer.from(`${MARK}${text}`, 'utf16le').swap16();

/** Ways in which tools write a text, none of which its name says. */
const FORMS: readonly (readonly [name: string, write: (text: string) => string | Uint8Array])[] = [
  ['plain', (text) => text],
  ['with the mark of UTF-8', (text) => MARK + text],
  ['with the ends of lines of Windows', (text) => text.replaceAll('\n', '\r\n')],
  ['UTF-16, little end first', (text) => Buffer.from(MARK + text, 'utf16le')],
  ['UTF-16, big end first', utf16be],
  ['gzip', (text) => gzipSync(text)],
  ['gzip of a text with a mark', (text) => gzipSync(`${MARK}${text.replaceAll('\n', '\r\n')}`)],
  ['gzip of UTF-16', (text) => gzipSync(utf16be(text))],
  ['gzip in two parts', (text) => Buffer.concat([gzipSync(text.slice(0, 3)), gzipSync(text.slice(3))])],
];

describe.each(FORMS)('a file that is %s', (_name, write) => {
  test('has the same lines', async () => {
    expect(await read(write('Größer 😀\n\n東京\nlast'))).toEqual(['Größer 😀', '', '東京', 'last']);
    expect((await readText(file(write('one\n😀')))).replaceAll('\r', '')).toBe('one\n😀');
  });

  test('is read by every reader, whatever its name says', async () => {
    const record = JSON.stringify(outcomeRecord('Größer?', { small: [0, 12, 0.001], large: [1, 40, 0.2] }));
    const lines = write(`${record}\n${record.replaceAll('Größer', 'Kleiner')}\n`);
    for (const name of ['a.jsonl', 'a.jsonl.gz']) {
      const path = file(lines, name);
      expect((await readRecords(path, { skipBad: false })).records).toHaveLength(2);
      expect(await readRecords(path, { skipBad: true })).toMatchObject({ lines: 2, skipped: [] });
      expect([...(await new OutcomeFiles().load([path])).byPrompt.keys()]).toEqual(['Größer?', 'Kleiner?']);
      expect(await readTrace(file(write('{"t":1}\n{"t":3}\n'), name))).toEqual([0, 2000]);
      const config =
        'policy: fifo\ncores:\n  - { id: a, kind: simulated, price: { inputPerMTok: 1, outputPerMTok: 2 } }\n';
      expect(await loadConfig(file(write(config), name))).toMatchObject({ policy: 'fifo', cores: [{ id: 'a' }] });
      expect(await withCapsOf(file(write('a: 3\n'), name), [{ id: 'a', cap: 8 }])).toEqual([{ id: 'a', cap: 3 }]);
      expect(await readModelNames(`@${file(write('small\nlarge\n'), name)}`)).toEqual(['small', 'large']);
    }
  });
});

test('files with marks that were put together have no mark within', async () => {
  expect(await read(`${MARK}{"a":1}\r\n${MARK}{"a":2}\r\n`)).toEqual(['{"a":1}', '{"a":2}']);
});

test.each([
  ['nothing', '', []],
  ['one byte', 'x', ['x']],
  ['a mark alone', MARK, []],
  ['half a mark', Buffer.of(0xef, 0xbb), ['\u{FFFD}']],
  ['the first byte of gzip', Buffer.of(0x1f), ['\x1f']],
  ['a line end alone', '\n', ['']],
  ['bytes that are not valid', Buffer.of(0x61, 0xff, 0x0a, 0x62), ['a\u{FFFD}', 'b']],
])('%s is read as it is', async (_name, content, lines) => {
  expect(await read(content)).toEqual(lines);
});

test('a character that two pieces of a large file share stays whole', async () => {
  const text = `x${'😀'.repeat(100_000)}`;
  for (const [, write] of FORMS) expect(await read(write(text))).toEqual([text]);
});

test('a cut gzip and a file that is not there are thrown', async () => {
  await expect(read(gzipSync('a long text '.repeat(1000)).subarray(0, 40))).rejects.toThrow(/end of file/);
  await expect(readText(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
  await expect(readText(folder)).rejects.toThrow(/EISDIR/);
});

test('a reader that stops early leaves no file open', async () => {
  const text = `${'{"t":1}\n'.repeat(500_000)}`;
  for (const content of [text, gzipSync(text)]) {
    const path = file(content);
    for await (const line of linesOf(path)) {
      expect(line).toBe('{"t":1}');
      break;
    }
    await expect.poll(() => openFiles().filter((open) => open === path)).toEqual([]);
  }
});

/** Files that this process has open; none where the system does not say. */
function openFiles(): string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
