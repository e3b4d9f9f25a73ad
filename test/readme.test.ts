import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { limitsConfig } from '../kernel/config/limits.js';
import packageJson from '../package.json' with { type: 'json' };
import { policyNames } from '../schedulers/registry.js';

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');
const README = read('README.md');

test('the README shows the whole FIFO as it is', () => {
  expect(README).toContain(`\`\`\`ts\n${read('schedulers/fifo.ts')}\`\`\``);
});

test('the README lists every limit with its default', () => {
  const flat = (prefix: string, value: unknown): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => flat(prefix === '' ? key : `${prefix}.${key}`, inner))
      : [[prefix, value]];
  for (const [name, value] of flat('', limitsConfig.parse({}))) expect(README).toContain(`| \`${name}\` | ${value} |`);
});

test('the README names every policy and only scripts and files that exist', () => {
  for (const name of policyNames()) expect(README).toContain(`| \`${name}\` |`);
  for (const [, script = ''] of README.matchAll(/npm run ([\w-]+)/g))
    expect(packageJson.scripts).toHaveProperty(script);
  for (const [, file = ''] of README.matchAll(/`((?:agents|kernel|schedulers|syscalls|test)\/[\w/.-]+\.ts)`/g)) {
    expect(() => read(file)).not.toThrow();
  }
});
