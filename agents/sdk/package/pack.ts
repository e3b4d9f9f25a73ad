import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { declarations } from './declarations.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const SDK = join(ROOT, 'agents/sdk');
const AI_SDK = 'ai-sdk/provider';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: object;
}

/**
 * Packs the client as a package: `npm run pack:client` leaves `eccos-client-VERSION.tgz` in the current folder.
 *
 * The schemas of the ABI are bundled with what they need of zod, because zod as a dependency takes megabytes.
 */
async function packClient(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-client-'));
  try {
    await bundle(folder);
    for (const [path, text] of declarations(ROOT, ['client', 'agent', AI_SDK]))
      write(join(folder, 'types', path), text);
    write(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
    cpSync(join(import.meta.dirname, 'README.md'), join(folder, 'README.md'));
    write(join(folder, 'LICENSE'), licences());
    execFileSync('npm', ['pack', folder], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundle(folder: string): Promise<void> {
  const entries = { client: 'client', agent: 'agent', 'ai-sdk': AI_SDK, socket: 'socket', 'socket-web': 'socket-web' };
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(SDK, `${path}.ts`)])),
    external: ['ws', '#socket'],
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'] },
  });
  await build.write({ dir: folder, format: 'esm', minify: true, chunkFileNames: '[name].js' });
  await build.close();
}

function manifest(): object {
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const entry = (name: string, path = name) => ({ types: `./types/agents/sdk/${path}.d.ts`, default: `./${name}.js` });
  return {
    name: 'eccos-client',
    version: root.version,
    description: 'Connects agents to an eccos kernel, from Node or a browser.',
    license: root.license,
    type: 'module',
    engines: root.engines,
    sideEffects: false,
    exports: {
      '.': entry('client'),
      './agent': entry('agent'),
      './ai-sdk': entry('ai-sdk', AI_SDK),
      './package.json': './package.json',
    },
    imports: { '#socket': { browser: './socket-web.js', default: './socket.js' } },
    dependencies: { ws: root.dependencies['ws'] },
    // Types only, for those who use `./ai-sdk`.
    peerDependencies: root.peerDependencies,
    peerDependenciesMeta: root.peerDependenciesMeta,
  };
}

function licences(): string {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8').trim();
  return `${read('LICENSE')}\n\n---\n\nThis package contains parts of zod:\n\n${read('node_modules/zod/LICENSE')}\n`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

await packClient();
