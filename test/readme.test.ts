import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { limitsConfig } from '../kernel/config/limits.js';
import packageJson from '../package.json' with { type: 'json' };
import { conformanceCases } from '../schedulers/conformance/conformance.js';
import { loadPolicyModule } from '../schedulers/load-module.js';
import { policyNames } from '../schedulers/registry.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const README = read('README.md');

/** Every page: those at the top, and those beside the code. */
const PAGES = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...['agents', 'kernel', 'schedulers'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
];

// Below dist, a file finds the package by its own name, as that of a user does.
mkdirSync(join(ROOT, 'dist'), { recursive: true });
const folder = mkdtempSync(join(ROOT, 'dist', 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Names of all source files: a page may name one without its folder. */
const SOURCES = new Set(
  ['agents', 'kernel', 'schedulers', 'syscalls'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  ),
);

/** Writes a block down as a file of a user. */
function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('the README shows the whole FIFO as it is', () => {
  expect(README).toContain(`\`\`\`ts\n${read('schedulers/fifo.ts')}\`\`\``);
});

test('the README follows one syscall over at most 30 files', () => {
  const [, section = ''] = README.split('## Follow one syscall');
  const files = section.split('\n## ')[0]?.match(/[\w/-]+\.ts/g);
  expect(new Set(files).size).toBeGreaterThan(15);
  expect(new Set(files).size).toBeLessThanOrEqual(30);
});

test.each(['connect', 'embed'])('the README shows test/examples/%s.ts as it is', (name) => {
  expect(README).toContain(`\`\`\`ts\n${read(`test/examples/${name}.ts`)}\`\`\``);
});

test('the example that embeds a kernel runs, and its journal hears of the call before the agent does', () => {
  const source = read('test/examples/embed.ts');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const path = written('embed.mjs', ts.transpileModule(source, { compilerOptions }).outputText);
  const output = execFileSync(process.execPath, [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  expect(output).toMatch(/^(\S+) accepted\n\1 started\nstarted on tiny\n\1 ended\nanswered by tiny\n$/);
});

describe('the example of a custom policy keeps the rules', async () => {
  const [, source = ''] = read('schedulers/README.md').match(/^```js\n(.*?)^```$/ms) ?? [];
  const path = written('shortest-first.mjs', source);
  const { create } = await loadPolicyModule(path);
  for (const { name, run } of conformanceCases(create)) test(name, run);
});

test('the limits are those of the schema; to renew them: npx vitest run test/readme.test.ts -u', async () => {
  const page = 'kernel/README.md';
  const renewed = read(page).replace(
    /(<!-- limits -->\n).*?(<!-- end of limits -->)/s,
    (_, start, end) => `${start}${limitsTable()}${end}`,
  );
  expect(renewed).toContain('| `maxAgents` | 10000 |');
  await expect(renewed).toMatchFileSnapshot(join(ROOT, page));
});

function limitsTable(): string {
  const rows = (prefix: string, shape: typeof limitsConfig.shape, defaults: object): string[] =>
    Object.entries(defaults).flatMap(([key, value]) => {
      const schema = (shape as Record<string, unknown>)[key] as { description?: string };
      if (typeof value === 'object') return rows(`${prefix}${key}.`, shapeOf(schema), value);
      return [`| \`${prefix}${key}\` | ${value} | ${schema.description} |\n`];
    });
  const all = rows('', limitsConfig.shape, limitsConfig.parse({}));
  return `\n| limit | default | what |\n|---|---|---|\n${all.join('')}\n`;
}

/** The members of an object that has a default. */
function shapeOf(schema: unknown): typeof limitsConfig.shape {
  const { shape, def } = schema as { shape?: typeof limitsConfig.shape; def: { innerType: unknown } };
  return shape ?? shapeOf(def.innerType);
}

test('the page of the policies names every one', () => {
  for (const name of policyNames()) expect(read('schedulers/README.md')).toContain(`| \`${name}\` |`);
});

describe('every command, file and link is there', () => {
  test.each(PAGES)('in %s', (page) => {
    const text = read(page);
    const missing = [
      ...found(text, /npm run ([\w:-]+)/g).filter((script) => !Object.hasOwn(packageJson.scripts, script)),
      ...found(text, /npm run bench -- ([a-z]\w*)/g).filter((name) => !existsSync(join(ROOT, `test/bench/${name}.ts`))),
      ...found(text, /npx eccos ([a-z]+)/g).filter((name) => !existsSync(join(ROOT, `agents/shell/${name}.ts`))),
      ...found(text, /`((?:agents|kernel|schedulers|syscalls|test)\/[\w/.-]*)`/g).filter(
        (path) => !existsSync(join(ROOT, path)),
      ),
      ...found(text, /`([\w-]+\.ts)`/g).filter((name) => !SOURCES.has(name)),
      ...found(text, /\]\((?!https?:)([^)#]+)\)/g).filter((path) => !existsSync(join(ROOT, dirname(page), path))),
    ];
    expect(missing).toEqual([]);
  });
});

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}
