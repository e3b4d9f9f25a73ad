import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyMemory, type Memory } from '../../../../schedulers/eccos/predictor/memory.js';
import { MemoryFolder, type MemoryFolderOptions } from '../../../../schedulers/eccos/predictor/memory-folder.js';

const BASE = { encoder: 'e1', dimensions: 2, heads: 'h1' };
const PRIOR = { level: 0, trained: false, known: false, tokens: { smearing: 1, p90Residual: 1 } };
const PLACE = { tenant: 'acme', task: 'sums', core: 'a' };

/** With so many rated calls. */
function learnt(count: number, base = BASE): Memory {
  const memory = emptyMemory(base);
  for (let n = 0; n < count; n++) {
    const name = { tenant: 'acme', task: 'sums' };
    memory.store.insert(name, `text ${n}`, Float32Array.of(1, 0), 'a', { score: 1, outputTokens: n });
    memory.beliefs.of(PLACE, PRIOR).learnQuality(0, 1);
  }
  return memory;
}

const ratedIn = (memory: Memory) => [memory.store.points, memory.beliefs.of(PLACE, PRIOR).rated];

describe('a memory folder', () => {
  let folder: string;
  let warnings: string[];
  let opened: MemoryFolder[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'memory-'));
    [warnings, opened] = [[], []];
  });
  afterEach(() => {
    for (const one of opened) one.close();
    rmSync(folder, { recursive: true });
  });

  async function open(fault: MemoryFolderOptions['fault'] = 'set-aside'): Promise<MemoryFolder> {
    const one = await MemoryFolder.open(folder, { fault, warn: (message) => warnings.push(message) });
    opened.push(one);
    return one;
  }

  /** What one run after another finds. */
  async function reopen(fault?: MemoryFolderOptions['fault'], base = BASE): Promise<Memory> {
    for (const one of opened.splice(0)) one.close();
    return (await open(fault)).restore(base);
  }

  async function kept(count: number): Promise<void> {
    const one = await open();
    await one.restore(BASE);
    await one.save(learnt(count));
  }

  const files = () =>
    readdirSync(folder)
      .filter((name) => name !== 'lock' && !name.startsWith('lock-'))
      .sort();
  const pathOf = (start: string) => join(folder, files().find((name) => name.startsWith(start)) as string);

  test('gives back what the last save holds, and keeps the files of that save alone, for the owner', async () => {
    await kept(3);
    await (opened[0] as MemoryFolder).save(learnt(5));
    expect(files()).toEqual(['beliefs-3.json', 'cases-3.bin', 'memory.json']);
    for (const name of files()) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    expect(ratedIn(await reopen())).toEqual([5, 5]);
    expect(warnings).toEqual([]);
  });

  test('is whole wherever a save breaks off', async () => {
    await kept(3);
    const before = files().map((name) => [name, readFileSync(join(folder, name))] as const);
    await (opened[0] as MemoryFolder).save(learnt(5));
    const after = files().map((name) => [name, readFileSync(join(folder, name))] as const);
    // Whatever of the next save is there: without its manifest the one before holds.
    for (let written = 0; written < after.length; written++) {
      for (const name of files()) rmSync(join(folder, name));
      for (const [name, bytes] of [...before, ...after.filter(([name]) => name !== 'memory.json').slice(0, written)]) {
        writeFileSync(join(folder, name), bytes);
      }
      writeFileSync(join(folder, 'cases-9.bin.new'), 'half a save');
      expect(ratedIn(await reopen())).toEqual([3, 3]);
      expect(warnings).toEqual([]);
    }
  });

  test.each([
    ['a flipped bit in the cases', () => flip(pathOf('cases')), 'cases-2.bin'],
    ['a flipped bit in the beliefs', () => flip(pathOf('beliefs')), 'beliefs-2.json'],
    ['a cut file', () => writeFileSync(pathOf('cases'), readFileSync(pathOf('cases')).subarray(9)), 'cases-2.bin'],
    ['a missing file', () => rmSync(pathOf('beliefs')), 'beliefs-2.json'],
    ['a missing manifest', () => rmSync(pathOf('memory')), 'beliefs.json'],
    ['a manifest that is not JSON', () => writeFileSync(pathOf('memory'), '{'), 'memory.json'],
  ])('%s is found, named, and set aside: nothing is lost, and learning begins anew', async (_, spoil, name) => {
    await kept(3);
    spoil();
    const left = files();
    await expect(reopen('refuse')).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining(join(folder, name)),
    });
    expect(files()).toEqual(left);
    expect(ratedIn(await reopen())).toEqual([0, 0]);
    expect(warnings).toEqual([expect.stringContaining(join(folder, name))]);
    expect(readdirSync(join(folder, 'set-aside-1')).sort()).toEqual(left);
    expect(ratedIn(await reopen('refuse'))).toEqual([0, 0]);
  });

  test('files of two saves are no memory', async () => {
    await kept(3);
    const old = readFileSync(pathOf('cases'));
    await (opened[0] as MemoryFolder).save(learnt(5));
    writeFileSync(pathOf('cases'), old);
    await expect(reopen('refuse')).rejects.toThrow(join(folder, 'cases-3.bin'));
  });

  test('what was learnt beside other nets or another encoder is set aside, as often as it comes', async () => {
    await kept(3);
    expect(ratedIn(await reopen('set-aside', { ...BASE, heads: 'h2' }))).toEqual([0, 0]);
    expect(ratedIn(await reopen('set-aside', { ...BASE, heads: 'h2', encoder: 'e2' }))).toEqual([0, 0]);
    expect(warnings.map((line) => line.match(/beside the \w+ of sha256 \w+, got \w+/)?.[0])).toEqual([
      'beside the nets of sha256 h2, got h1',
      'beside the encoder of sha256 e2, got e1',
    ]);
    expect(readdirSync(folder).filter((name) => name.startsWith('set-aside'))).toEqual(['set-aside-1', 'set-aside-2']);
  });

  test('files of others in it are left alone', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await kept(1);
    writeFileSync(pathOf('memory'), '');
    await reopen();
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  test.runIf(process.platform === 'linux').each(['memory.json', 'cases-2.bin', 'lock'])(
    'a pipe in place of %s is refused at once',
    async (name) => {
      await kept(1);
      for (const one of opened.splice(0)) one.close();
      rmSync(join(folder, name), { force: true });
      execFileSync('mkfifo', [join(folder, name)]);
      await expect(reopen()).rejects.toMatchObject({
        code: 'invalid-config',
        message: expect.stringContaining(join(folder, name)),
      });
    },
  );

  test('a pipe in the way of a save does not stop it', async () => {
    const one = await open();
    await one.restore(BASE);
    execFileSync('mkfifo', [join(folder, 'cases-2.bin.new')]);
    await one.save(learnt(2));
    expect(ratedIn(await reopen())).toEqual([2, 2]);
  });

  test('a folder in the place of a file fails the save, and what was saved before stays', async () => {
    await kept(1);
    mkdirSync(join(folder, 'beliefs-3.json'));
    await expect((opened[0] as MemoryFolder).save(learnt(2))).rejects.toThrow(
      `memory: Expected ${folder} to be a folder that can be written`,
    );
    rmSync(join(folder, 'beliefs-3.json'), { recursive: true });
    expect(ratedIn(await reopen())).toEqual([1, 1]);
  });

  test('is one kernel\u2019s at a time', async () => {
    const first = await open();
    await expect(open()).rejects.toThrow(`memory: Expected ${folder} to be used by no other kernel, got one in use`);
    first.close();
    opened = [];
    await open();
  });

  test('of an earlier version, without a manifest, is read', async () => {
    const { beliefs, store } = learnt(2);
    const { encodeStore } = await import('../../../../schedulers/eccos/retrieval/store-file.js');
    writeFileSync(join(folder, 'beliefs.json'), JSON.stringify({ ...beliefs.state(), heads: BASE.heads }));
    writeFileSync(join(folder, 'cases.bin'), Buffer.concat([...encodeStore(store)]));
    expect(ratedIn(await reopen())).toEqual([2, 2]);
    expect(files()).toEqual(['beliefs-1.json', 'cases-1.bin', 'memory.json']);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}
