import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { emptyFolder, must, run } from './tools.js';

/** How each package manager adds a tarball. All run at their defaults. */
const ADD = {
  'npm@11': (tarball: string) => ['npx', '-y', 'npm@11', 'install', tarball],
  'npm@10': (tarball: string) => ['npx', '-y', 'npm@10', 'install', tarball],
  pnpm: (tarball: string) => ['npx', '-y', 'pnpm@latest', 'add', tarball],
  yarn: (tarball: string) => ['npx', '-y', 'yarn@1', 'add', `file:${tarball}`],
  bun: (tarball: string) => ['npx', '-y', 'bun@latest', 'add', tarball],
} as const;

export type Manager = keyof typeof ADD;
export const MANAGERS = Object.keys(ADD) as Manager[];

export function isManager(name: string): name is Manager {
  return Object.hasOwn(ADD, name);
}

interface PolicyLine {
  readonly policy: string;
  readonly core?: string;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
}

interface Chats {
  readonly policies: readonly PolicyLine[];
  readonly warnings: readonly string[];
}

/**
 * Installs a packed eccos-kernel into an empty folder and checks it there.
 *
 * @param options `node`: the binary that everything runs on
 * @returns what works
 * @throws Error for the first thing that does not
 */
export async function installAndCheck(options: {
  readonly tarball: string;
  readonly manager: Manager;
  readonly node: string;
}): Promise<string> {
  const { tarball, manager, node } = options;
  const cwd = await emptyFolder();
  try {
    await writeFile(join(cwd, 'package.json'), '{ "name": "user", "private": true }\n');
    await copyFile(resolve(import.meta.dirname, 'check.mjs'), join(cwd, 'check.mjs'));
    const notes: string[] = [];
    const added = await run(ADD[manager](tarball), { cwd, node });
    // pnpm has installed everything by then: it wants each install script approved or denied.
    const ignored = added.output.includes('ERR_PNPM_IGNORED_BUILDS');
    if (ignored) notes.push('(pnpm asks to approve builds)');
    else if (added.code !== 0) throw new Error(`install ended with ${added.code}:\n${added.output.slice(-3000)}`);

    const help = await must([join(cwd, 'node_modules/.bin/eccos'), '--help'], { cwd, node });
    if (!help.includes('a miniature operating system')) throw new Error(`--help printed:\n${help}`);
    notes.push('--help', ...(await checkChats(cwd, node)));

    if (notes.some((note) => note.startsWith('eccos needs')) && manager.startsWith('npm')) {
      // The command that the message names.
      await must(['npx', '-y', manager, 'install', '--ignore-scripts', 'onnxruntime-node'], { cwd, node });
      const again = await checkChats(cwd, node);
      if (!again.includes('eccos')) throw new Error(`expected eccos to run after the repair, got ${again.join(', ')}`);
      notes.push('eccos after that command');
    }
    return notes.join(', ');
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** @returns the policies that answered, and what a native part that is missing has led to */
async function checkChats(cwd: string, node: string): Promise<string[]> {
  const { policies, warnings } = readChats(await must([node, 'check.mjs'], { cwd, node }));
  const notes = policies.map(({ policy, error }) => {
    if (error === undefined) return policy;
    const isExpected =
      policy === 'eccos' &&
      error.name === 'SyscallError' &&
      error.code === 'invalid-config' &&
      error.message.includes('npm install --ignore-scripts onnxruntime-node');
    if (!isExpected) throw new Error(`${policy}: ${error.name} ${error.code}: ${error.message}`);
    return `eccos needs onnxruntime-node and says so ("${error.message}")`;
  });
  const isCompiled = (await run([node, '-e', REQUIRE_ADDON], { cwd, node })).code === 0;
  const wanted = isCompiled || !notes.includes('eccos') ? 0 : 1;
  const matching = warnings.filter((warning) => /hnswlib-node.*To repair it: \w+/.test(warning));
  if (warnings.length !== wanted || matching.length !== wanted) {
    throw new Error(`expected ${wanted} warnings about hnswlib-node, got ${JSON.stringify(warnings)}`);
  }
  return [...notes, isCompiled ? 'graph' : `no graph${wanted === 0 ? '' : ', one warning'}`];
}

/** Resolved from the package, as the package itself does. */
const REQUIRE_ADDON = `
  const { createRequire } = require('node:module');
  const { realpathSync } = require('node:fs');
  createRequire(realpathSync('node_modules/eccos-kernel/package.json'))('hnswlib-node');`;

function readChats(output: string): Chats {
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as PolicyLine & { readonly warnings?: readonly string[] });
  const policies = lines.filter(({ policy }) => policy !== undefined);
  const warnings = lines.find((line) => line.warnings !== undefined)?.warnings;
  if (policies.length !== 3 || warnings === undefined) throw new Error(`check.mjs printed:\n${output}`);
  return { policies, warnings };
}
