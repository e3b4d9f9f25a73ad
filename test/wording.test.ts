import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Phrases over which readers have stumbled, and what to write in their place. */
const PHRASES: readonly (readonly [phrase: RegExp, plain: string])[] = [
  [/\bthat is none\b|\bis no request at all\b/i, 'invalid; not valid JSON; a sentence with subject, verb, object'],
  [/\b(told|tells)\b/i, 'receives, reports, is notified'],
  [/\bjudg(ed|es|ing|e?ments?)\b/i, 'rated, rating; score for the number'],
  [/\bdear(er|est|-first)?\b/i, 'expensive, more expensive, expensive-first'],
  [/\bone's own\b/i, 'your own; custom'],
  [/\bwhoever\b|\bwhatever comes\b/i, 'the caller; the result'],
  [/\bAmbient\b/, 'Platform'],
];

/** What keeps an old word on purpose: the old words themselves, and names of the wire and of files of earlier versions. */
const EXEMPT: readonly string[] = [
  'test/schedulers/eccos/encoder/reference-texts.ts',
  'agents/lab/old-names.ts',
  'test/agents/lab/old-names.test.ts',
  'test/wording.test.ts',
];

function violations(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    text.split('\n').flatMap((line, at) =>
      PHRASES.filter(([phrase]) => phrase.test(line)).map(([phrase, plain]) => {
        const found = line.match(phrase)?.[0];
        return `${path}:${at + 1}: "${found}": write ${plain}`;
      }),
    ),
  );
}

function read(): Record<string, string> {
  const inFolders = ['agents', 'kernel', 'schedulers', 'syscalls', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const atTop = readdirSync(ROOT);
  const paths = [...inFolders, ...atTop].filter((path) => /\.(ts|md)$/.test(path) && !EXEMPT.includes(path));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

test('code, comments, messages and docs use plain words', () => {
  const files = read();
  expect(Object.keys(files).length).toBeGreaterThan(300);
  expect(violations(files)).toEqual([]);
});

describe('the check finds a planted', () => {
  test.each([
    ['a text of 7 characters that is none'],
    ['the agent is told of it'],
    ['an answer that was judged'],
    ['fifo:order=dear-first'],
    ["a policy of one's own"],
    ['whatever comes back'],
  ])('%s', (line) => {
    expect(violations({ 'kernel/bad.ts': `// ${line}` })).toHaveLength(1);
  });
});
