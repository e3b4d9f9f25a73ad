import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDERS = ['syscalls', 'schedulers', 'kernel', 'agents'] as const;

const KERNEL_ROOMS = [
  'call',
  'capacity',
  'cluster',
  'config',
  'cores',
  'dispatch',
  'doors',
  'journal',
  'outcomes',
  'process',
  'telemetry',
  'watch',
].map((name) => `kernel/${name}/`);

/** Each room and the rooms that it may import from; a file belongs to the longest prefix. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'syscalls/': [],
  'schedulers/': ['syscalls/'],
  'kernel/': [...KERNEL_ROOMS, 'schedulers/', 'syscalls/'],
  'kernel/call/': [
    'kernel/',
    'kernel/capacity/',
    'kernel/config/',
    'kernel/cores/',
    'kernel/process/',
    'schedulers/',
    'syscalls/',
  ],
  'kernel/capacity/': ['kernel/', 'kernel/cores/', 'schedulers/', 'syscalls/'],
  'kernel/config/': ['kernel/', 'kernel/cores/', 'schedulers/', 'syscalls/'],
  'kernel/cores/': ['kernel/', 'kernel/outcomes/', 'syscalls/'],
  'kernel/dispatch/': [
    'kernel/',
    'kernel/call/',
    'kernel/capacity/',
    'kernel/config/',
    'kernel/cores/',
    'kernel/process/',
    'schedulers/',
    'syscalls/',
  ],
  // A door sees the gate, and of a call its sink alone.
  'kernel/doors/': ['kernel/', 'kernel/config/', 'kernel/process/', 'syscalls/'],
  'kernel/journal/': ['kernel/', 'kernel/call/', 'kernel/capacity/', 'schedulers/', 'syscalls/'],
  'kernel/cluster/': [
    'kernel/',
    'kernel/call/',
    'kernel/capacity/',
    'kernel/cores/',
    'kernel/journal/',
    'kernel/process/',
    'syscalls/',
  ],
  'kernel/outcomes/': ['kernel/', 'schedulers/', 'syscalls/'],
  'kernel/process/': ['kernel/config/', 'syscalls/'],
  // Watchers see events and views; a door gets what it serves by its constructor.
  'kernel/watch/': ['kernel/', 'kernel/call/', 'kernel/process/', 'syscalls/'],
  'kernel/telemetry/': ['kernel/', 'kernel/config/', 'kernel/cores/', 'schedulers/', 'syscalls/'],
  'agents/sdk/': ['syscalls/'],
  'agents/terminal/': [],
  'agents/examples/': ['agents/sdk/', 'syscalls/'],
  'agents/lab/': ['agents/sdk/', 'agents/terminal/', 'kernel/', ...KERNEL_ROOMS, 'schedulers/', 'syscalls/'],
  'agents/shell/': [
    'agents/examples/',
    'agents/lab/',
    'agents/sdk/',
    'agents/terminal/',
    'kernel/',
    ...KERNEL_ROOMS,
    'schedulers/',
    'syscalls/',
  ],
};

/** Each heavy library has one door: the only files that may import it. */
const DOORS: Record<string, readonly string[]> = {
  ws: ['kernel/doors/ws/ws-door.ts', 'agents/sdk/socket.ts'],
  inversify: ['kernel/door-modules.ts', 'kernel/modules.ts', 'kernel/parts.ts'],
  libsql: [
    'kernel/journal/check-file.ts',
    'kernel/journal/journal-reader.ts',
    'kernel/journal/open-file.ts',
    'kernel/journal/statements.ts',
    'kernel/journal/vacuum.ts',
    'schedulers/file-lock.ts',
  ],
  ioredis: ['kernel/cluster/redis-store.ts'],
  bullmq: ['kernel/cluster/queues.ts'],
  'p-queue': ['kernel/capacity/core-queue.ts'],
  eventemitter3: ['kernel/events.ts'],
  cockatiel: ['kernel/cores/provider/breaker.ts'],
  'gpt-tokenizer/encoding/o200k_base': ['kernel/tokens.ts'],
  'onnxruntime-node': ['schedulers/eccos/onnx/model.ts'],
  'onnx-proto': ['agents/lab/training/onnx-graph.ts'],
  'hnswlib-node': ['schedulers/eccos/retrieval/graph-index.ts'],
  '@huggingface/tokenizers': ['schedulers/eccos/encoder/tokens.ts'],
  '@opentelemetry/api': ['kernel/telemetry/spans.ts', 'kernel/telemetry/traceparent.ts', 'agents/shell/otel.ts'],
  'prom-client': [
    'kernel/telemetry/call-metrics.ts',
    'kernel/telemetry/exposition.ts',
    'kernel/telemetry/family.ts',
    'kernel/telemetry/kernel-gauges.ts',
  ],
  vega: ['agents/lab/render/chart.ts'],
  'vega-lite': ['agents/lab/render/chart.ts'],
};

/** Where time and chance come from: nothing else reads a clock, sets a timer or draws. */
const SOURCES: Record<string, readonly string[]> = {
  'Date.now': [],
  'performance.now': ['kernel/clock.ts'],
  'Math.random': ['kernel/random.ts', 'agents/sdk/platform.ts'],
  setTimeout: ['kernel/clock.ts', 'agents/sdk/platform.ts'],
  setInterval: [],
  setImmediate: ['kernel/clock.ts'],
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function readTree(root: string): SourceFile[] {
  return FOLDERS.flatMap((folder) => list(join(root, folder))).map((file) => {
    const text = readFileSync(file, 'utf8');
    const imports = ts
      .preProcessFile(text, true, true)
      .importedFiles.map(({ fileName }) =>
        fileName.startsWith('.') ? relative(root, resolve(dirname(file), fileName)).replace(/\.js$/, '.ts') : fileName,
      );
    return { path: relative(root, file), text, imports };
  });
}

function list(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function violations(files: readonly SourceFile[]): string[] {
  return [
    ...wrongArrows(files),
    ...secondDoors(files),
    ...secondSources(files),
    ...reExports(files),
    ...fileCycles(files),
    ...roomCycles(files),
  ];
}

function wrongArrows(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    if (room === undefined) return [`room: ${path} is in none`];
    const allowed = [room, ...(ROOMS[room] ?? [])];
    return imports
      .filter((target) =>
        isFile(target) ? !allowed.includes(roomOf(target) ?? '') : room === 'syscalls/' && target !== 'zod',
      )
      .map((target) => `arrow: ${path} imports ${target}`);
  });
}

const isFile = (target: string) => target.endsWith('.ts');

function roomOf(path: string): string | undefined {
  const rooms = Object.keys(ROOMS).filter((room) => path.startsWith(room));
  return rooms.sort((a, b) => b.length - a.length)[0];
}

function secondDoors(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((target) => DOORS[target]?.includes(path) === false)
      .map((target) => `door: ${path} imports ${target}`),
  );
}

function secondSources(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    Object.entries(SOURCES)
      .filter(([name, owners]) => !owners.includes(path) && new RegExp(`\\b${name.replace('.', '\\.')}\\(`).test(text))
      .map(([name]) => `source: ${path} calls ${name}`),
  );
}

function reExports(files: readonly SourceFile[]): string[] {
  const onlyExports = (text: string) =>
    ts
      .createSourceFile('x.ts', text, ts.ScriptTarget.ES2023)
      .statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined);
  return files.filter(({ text }) => onlyExports(text)).map(({ path }) => `re-export only: ${path}`);
}

/** Cycles of imports that are there at run time: a type may name its user. */
function fileCycles(files: readonly SourceFile[]): string[] {
  return cycles(new Map(files.map((file) => [file.path, runTimeImports(file)]))).map((found) => `cycle: ${found}`);
}

/** Cycles between folders, of types too. A file right below a top folder stands for itself. */
function roomCycles(files: readonly SourceFile[]): string[] {
  const folderOf = (path: string) => (dirname(path).includes('/') ? dirname(path) : path);
  const graph = new Map<string, string[]>();
  for (const { path, imports } of files) {
    const folder = folderOf(path);
    const others = imports.filter(isFile).map(folderOf);
    graph.set(folder, [...(graph.get(folder) ?? []), ...others.filter((other) => other !== folder)]);
  }
  return cycles(graph).map((found) => `rooms in a circle: ${found}`);
}

function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (node: string, trail: readonly string[]) => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') {
      found.push([...trail.slice(trail.indexOf(node)), node].join(' > '));
      return;
    }
    state.set(node, 'open');
    for (const target of graph.get(node) ?? []) visit(target, [...trail, node]);
    state.set(node, 'done');
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

function runTimeImports({ path, text }: SourceFile): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
  return source.statements.flatMap((statement) => {
    const isType =
      (ts.isImportDeclaration(statement) && statement.importClause?.isTypeOnly === true) ||
      (ts.isExportDeclaration(statement) && statement.isTypeOnly);
    if (isType || !(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))) return [];
    const from = statement.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return [];
    return [join(dirname(path), from.text).replace(/\.js$/, '.ts')];
  });
}

const files = readTree(ROOT);

test('the source is there to be checked', () => {
  expect(files.length).toBeGreaterThan(80);
  for (const folder of FOLDERS)
    expect(files.filter(({ path }) => path.startsWith(`${folder}/`)).length).toBeGreaterThan(8);
  expect(files.filter(({ imports }) => imports.length > 0).length).toBeGreaterThan(60);
});

test('arrows point one way, every heavy library has its door, time and chance have one source, nothing goes in a circle', () => {
  expect(violations(files)).toEqual([]);
});

test('every door is in use', () => {
  const doors = Object.entries(DOORS).flatMap(([library, paths]) => paths.map((path) => ({ library, path })));
  const unused = doors.filter(
    ({ library, path }) => !files.some((file) => file.path === path && file.imports.includes(library)),
  );
  expect(unused).toEqual([]);
});

test('files stay small: median below 120 lines, nine of ten below 250', () => {
  const lines = files.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b);
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(120);
  expect(lines[Math.floor(lines.length * 0.9)]).toBeLessThanOrEqual(250);
});

describe('the check finds a planted', () => {
  const root = mkdtempSync(join(tmpdir(), 'architecture-'));
  afterAll(() => rmSync(root, { recursive: true }));

  test.each([
    [
      'import against an arrow',
      { 'schedulers/bad.ts': "import { Kernel } from '../kernel/kernel.js';\nnew Kernel();" },
      /^arrow: schedulers\/bad.ts/,
    ],
    [
      'kernel import in the SDK',
      { 'agents/sdk/bad.ts': "import { Kernel } from '../../kernel/kernel.js';\nnew Kernel();" },
      /^arrow: agents\/sdk\/bad.ts/,
    ],
    [
      'import of the shell in the laboratory',
      { 'agents/lab/bad.ts': "import { run } from '../shell/run.js';\nrun();" },
      /^arrow: agents\/lab\/bad.ts/,
    ],
    [
      'import of the laboratory in an example',
      { 'agents/examples/bad.ts': "import { load } from '../lab/load.js';\nload();" },
      /^arrow: agents\/examples\/bad.ts/,
    ],
    [
      'circle of types between two rooms',
      {
        'kernel/one/a.ts': "import type { B } from '../two/b.js';\nexport type A = B;",
        'kernel/two/b.ts': 'export type B = 1;',
        'kernel/two/c.ts': "import type { A } from '../one/a.js';\nexport type C = A;",
      },
      /^rooms in a circle: kernel\/one > kernel\/two > kernel\/one/,
    ],
    [
      'door that reaches past the gate',
      { 'kernel/doors/bad.ts': "import { Runner } from '../dispatch/runner.js';\nnew Runner();" },
      /^arrow: kernel\/doors\/bad.ts/,
    ],
    ['file outside of every room', { 'agents/bad.ts': 'export const bad = 1;' }, /^room: agents\/bad.ts/],
    [
      'second door',
      { 'kernel/bad.ts': "import PQueue from 'p-queue';\nnew PQueue();" },
      /^door: kernel\/bad.ts imports p-queue/,
    ],
    [
      'second clock',
      { 'kernel/bad.ts': 'export const now = () => Date.now();' },
      /^source: kernel\/bad.ts calls Date.now/,
    ],
    [
      'file that only re-exports',
      { 'syscalls/bad.ts': "export * from './good.js';" },
      /^re-export only: syscalls\/bad.ts/,
    ],
    [
      'cycle',
      {
        'kernel/one.ts': "import { two } from './two.js';\nexport const one = () => two;",
        'kernel/two.ts': "import { one } from './one.js';\nexport const two = () => one;",
      },
      /^cycle: kernel\/one.ts > kernel\/two.ts > kernel\/one.ts/,
    ],
    [
      'library in the ABI',
      { 'syscalls/bad.ts': "import { pino } from 'pino';\npino();" },
      /^arrow: syscalls\/bad.ts imports pino/,
    ],
  ])('%s', (name, planted, expected) => {
    const tree = join(root, name);
    for (const folder of FOLDERS) mkdirSync(join(tree, folder), { recursive: true });
    for (const [path, text] of Object.entries(planted)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
    expect(violations(readTree(tree)).some((found) => expected.test(found))).toBe(true);
  });
});
