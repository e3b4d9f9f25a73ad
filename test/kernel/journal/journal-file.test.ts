import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JournalFile, type JournalRow } from '../../../kernel/journal/journal-file.js';
import type { SyscallError } from '../../../syscalls/errors.js';
import { damageCalls } from './damage.js';

let folder = '';
let path = '';
let open: JournalFile[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-journal-'));
  path = join(folder, 'eccos.db');
});
afterEach(() => {
  for (const file of open) file.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

const OPTIONS = { level: 'process', keepMs: 1e9, maxBytes: 2 ** 30, prompts: 'keep' } as const;

function opened(options: Partial<ConstructorParameters<typeof JournalFile>[0]> = {}): JournalFile {
  const file = new JournalFile({ ...OPTIONS, path, ...options });
  open.push(file);
  return file;
}

function closed(file: JournalFile): void {
  open = open.filter((one) => one !== file);
  file.close();
}

const CALLER = { pid: 7, program: 7, tenant: 'blue', principal: 'ann' };

function accepted(
  id: string,
  more: { readonly key?: string; readonly at?: number; readonly text?: string } = {},
): JournalRow {
  const { key, at = 1000, text = 'hi' } = more;
  const settings = { priority: 3, budgetUsd: 5, cores: ['a', 'b'], expiresAt: undefined, task: 'math' };
  const call = { id, caller: CALLER, agent: 'agent', at, ...settings, key, fingerprint: key && `print of ${key}` };
  return { type: 'accepted', call, body: JSON.stringify({ messages: [{ role: 'user', content: text }] }) };
}

function ended(id: string, more: { readonly at?: number; readonly costUsd?: number } = {}): JournalRow {
  const { at = 2000, costUsd = 0.25 } = more;
  const used = { core: 'a', inputTokens: 10, outputTokens: 20, costUsd };
  const body = JSON.stringify({ text: `of ${id}`, core: 'a' });
  return { type: 'ended', id, owner: CALLER.principal, key: undefined, status: 'done', at, ...used, body };
}

const started = (id: string, attempt = 1, at = 1500): JournalRow => ({
  ...{ type: 'started', id, attempt, core: 'a', at, tokens: 40 },
});

describe('what is written is there after the file was opened again', () => {
  test('open calls in order, starts, money and pids that were given to nobody', async () => {
    const first = opened();
    const before = await first.restore(0);
    expect(before).toEqual({ firstPid: 1, open: [], starts: [], spentUsd: new Map(), spentUsdBy: new Map() });
    first.commit([accepted('x-0', { key: 'k' }), accepted('x-1'), accepted('x-2'), started('x-1'), started('x-2')]);
    first.commit([ended('x-1'), started('x-2', 2)]);
    closed(first);
    const { firstPid, open: calls, starts, spentUsd } = await opened().restore(2000);
    expect(firstPid).toBe(1_000_001);
    expect(calls.map(({ id, attempts }) => [id, attempts])).toEqual([
      ['x-0', 0],
      ['x-2', 2],
    ]);
    expect(calls[0]).toEqual({
      ...{ id: 'x-0', caller: CALLER, agent: 'agent', at: 1000, expiresAt: undefined, priority: 3, budgetUsd: 5 },
      ...{ cores: ['a', 'b'], key: 'k', fingerprint: 'print of k', task: 'math', attempts: 0 },
      params: { messages: [{ role: 'user', content: 'hi' }] },
    });
    expect(starts.map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
    expect(spentUsd).toEqual(new Map([['ann', 0.25]]));
  });

  test('what was spent in this month and day, with the budgets of open calls', async () => {
    const [day, month] = [Date.UTC(2026, 10, 29), Date.UTC(2026, 10, 1)];
    const file = opened();
    await file.restore(day);
    const spent = [day, day + 1, day - 1, month, month - 1].map((at, n) => ({ id: `x-${n}`, at, costUsd: 2 ** n }));
    for (const { id, at, costUsd } of spent) file.commit([accepted(id, { at }), ended(id, { at, costUsd })]);
    const open = accepted('open');
    if (open.type === 'accepted') file.commit([{ ...open, call: { ...open.call, budgetUsdBy: { day: 3 } } }]);
    closed(file);
    const left = await opened().restore(day + 5000);
    expect(left.spentUsdBy).toEqual(new Map([['ann', { day: 3, month: 15 }]]));
    expect([left.spentUsd.get('ann'), left.open[0]?.budgetUsdBy]).toEqual([31, { day: 3 }]);
  });

  test('a file of before budgets by day is brought up to now, and keeps what it knows', async () => {
    const day = Date.UTC(2026, 10, 29);
    const file = opened();
    await file.restore(day);
    file.commit([accepted('x-0', { at: day }), ended('x-0', { at: day }), accepted('x-1')]);
    closed(file);
    const db = new Database(path);
    db.exec(
      'DROP TABLE days; ALTER TABLE calls DROP COLUMN budget_day_usd; ALTER TABLE calls DROP COLUMN budget_month_usd',
    );
    db.close();
    const left = await opened().restore(day);
    expect(left.spentUsdBy).toEqual(new Map([['ann', { day: 0.25, month: 0.25 }]]));
    expect(left.open.map(({ id }) => id)).toEqual(['x-1']);
  });

  test('a call is found by its key and by its id, with its end and its rating', () => {
    const file = opened();
    file.commit([accepted('x-0', { key: 'k' })]);
    expect(file.find({ owner: 'ann', key: 'k' })).toMatchObject({ call: { id: 'x-0' } });
    expect(file.find({ owner: 'ann', key: 'k' })).not.toHaveProperty('ended');
    file.commit([ended('x-0'), { type: 'rated', id: 'x-0', quality: 0.5 }]);
    expect(file.find({ id: 'x-0' })).toMatchObject({ ended: { end: { text: 'of x-0' }, rated: 0.5, costUsd: 0.25 } });
    expect(file.find({ owner: 'bob', key: 'k' })).toBeUndefined();
    expect(file.find({ id: 'x-9' })).toBeUndefined();
  });

  test('the newest call has the key, and an end counts once', async () => {
    const file = opened();
    file.commit([accepted('x-0', { key: 'k' }), ended('x-0'), accepted('x-1', { key: 'k' })]);
    expect(file.find({ owner: 'ann', key: 'k' })).toMatchObject({ call: { id: 'x-1' } });
    file.commit([ended('x-0', { costUsd: 100 }), ended('no such call')]);
    expect((await file.restore(0)).spentUsd).toEqual(new Map([['ann', 0.25]]));
  });
});

test('a batch is written whole or not at all', () => {
  const file = opened();
  expect(() => file.commit([accepted('x-0'), accepted('x-0')])).toThrow(/UNIQUE/);
  expect(file.find({ id: 'x-0' })).toBeUndefined();
  file.commit([accepted('x-0')]);
  expect(file.find({ id: 'x-0' })).toBeDefined();
});

test('ended calls go when their time is over, or the file is full; open ones stay', () => {
  const file = opened({ keepMs: 500 });
  file.commit([accepted('open'), accepted('old'), ended('old', { at: 1000 })]);
  for (const at of [1400, 1600]) file.commit([accepted(`at ${at}`), ended(`at ${at}`, { at })]);
  expect(['open', 'old', 'at 1400', 'at 1600'].map((id) => file.find({ id }) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
  closed(file);
  const small = opened({ maxBytes: 2 ** 20 });
  const text = 'x'.repeat(20_000);
  for (let n = 0; n < 400; n++) small.commit([accepted(`n-${n}`, { text }), ended(`n-${n}`, { at: 2000 + n })]);
  expect(small.find({ id: 'n-0' })).toBeUndefined();
  expect(small.find({ id: 'n-399' })).toBeDefined();
  expect(small.find({ id: 'open' })).toBeDefined();
  closed(small);
  expect(statSync(path).size).toBeLessThan(3 * 2 ** 20);
});

test('an open call is found after a crash though all calls before it have gone', async () => {
  const before = opened();
  for (let n = 0; n < 20; n++) before.commit([accepted(`n-${n}`), ended(`n-${n}`)]);
  closed(before);
  const file = opened({ keepMs: 0 });
  await file.restore(0);
  for (let n = 0; n < 30; n++) file.commit([accepted(`m-${n}`), ended(`m-${n}`, { at: 9000 })]);
  expect(file.find({ id: 'm-29' })).toBeUndefined();
  file.commit([accepted('open')]);
  // What a crash leaves: the file as it is, not closed.
  const copy = join(folder, 'copy.db');
  const db = new Database(path);
  db.exec(`VACUUM INTO '${copy}'`);
  db.close();
  const left = await opened({ path: copy }).restore(0);
  expect(left.open.map(({ id }) => id)).toEqual(['open']);
});

test('prompts of ended calls can be left out', async () => {
  const file = opened({ prompts: 'drop' });
  file.commit([accepted('x-0', { text: 'secret' })]);
  file.commit([ended('x-0')]);
  expect(JSON.stringify(file.find({ id: 'x-0' }))).not.toContain('secret');
});

describe('is refused, by name', () => {
  const refusal = async (options = {}) => {
    try {
      await new JournalFile({ ...OPTIONS, path, ...options }).restore(0);
    } catch (error) {
      return error as SyscallError;
    }
    throw new Error('Expected the file to be refused');
  };

  test('a journal that another kernel has open', async () => {
    opened();
    expect(await refusal()).toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('no other kernel uses'),
    });
  });

  test('a journal that another process has open, until that is killed', async () => {
    const module = new URL('../../../dist/kernel/journal/journal-file.js', import.meta.url).href;
    const code = `import('${module}').then(({ JournalFile }) => {
      new JournalFile(${JSON.stringify({ ...OPTIONS, path })}).restore(0).then(() => process.kill(process.pid, 'SIGKILL')); });`;
    expect(spawnSync(process.execPath, ['-e', code]).signal).toBe('SIGKILL');
    expect((await opened().restore(0)).firstPid).toBe(1_000_001);
  });

  test('a file of a later kernel', async () => {
    closed(opened());
    const db = new Database(path);
    db.exec("UPDATE meta SET value = 99 WHERE key = 'schema'");
    db.close();
    expect((await refusal()).message).toContain('expected schema 1 or lower, got 99');
  });

  test('a file that is no journal', async () => {
    writeFileSync(path, 'something else, long enough to be no header of a database at all');
    expect((await refusal()).message).toMatch(/expected a journal, got/);
    expect(readFileSync(path, 'utf8')).toContain('something else');
  });

  test('a database of another program, which stays as it is', async () => {
    const db = new Database(path);
    db.exec('CREATE TABLE orders (number TEXT)');
    db.close();
    const before = readFileSync(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await refusal()).message).toMatch(/expected a journal, got a database .* the table "orders"/);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('a database with some of its tables, and its lock is free again', async () => {
    const db = new Database(path);
    db.exec('CREATE TABLE meta (key TEXT, value INTEGER); CREATE TABLE days (day INTEGER)');
    db.close();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await refusal()).message).toMatch(/expected a journal, got: .*no such table/);
    }
  });

  test.each([
    ['open calls', [accepted]],
    ['ended calls, which no start reads', [accepted, ended]],
  ])('a journal that was damaged while no kernel had closed it, in %s; it stays as it is', async (_, facts) => {
    const file = opened();
    await file.restore(0);
    for (let n = 0; n < 300; n++) file.commit(facts.map((fact) => fact(`n-${n}`, { text: 'y'.repeat(500) })));
    const copy = join(folder, 'copy.db');
    const db = new Database(path);
    db.exec(`VACUUM INTO '${copy}'`);
    db.close();
    const bytes = openSync(copy, 'r+');
    for (let page = 14; page < 40; page++) writeSync(bytes, Buffer.alloc(64, 0xff), 0, 64, page * 4096);
    closeSync(bytes);
    const pages = () => readFileSync(copy).subarray(4096);
    const before = pages();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await refusal({ path: copy })).message).toMatch(/expected a journal.*got: .*(malformed|[Tt]ree|page)/);
    }
    expect(pages().equals(before)).toBe(true);
    truncateSync(copy, 9000);
    expect((await refusal({ path: copy })).message).toMatch(/expected a journal/);
  });

  test('a folder, of which no lock is left', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    expect((await refusal({ path: inner })).message).toContain(`${inner}: expected a file, got a folder`);
    expect(existsSync(`${inner}.lock`)).toBe(false);
  });

  test('a path in no folder', async () => {
    expect((await refusal({ path: join(folder, 'no', 'such', 'eccos.db') })).message).toContain('no/such/eccos.db');
  });
});

test('a call that cannot be read fails alone, and goes on failing alone', async () => {
  const file = opened();
  await file.restore(0);
  const calls = Array.from({ length: 300 }, (_, n) => `n-${n}`);
  for (const id of calls) file.commit([accepted(id, { text: 'y'.repeat(500) }), ended(id)]);
  closed(file);
  damageCalls(path);
  const again = opened();
  await again.restore(0);
  const isRead = (id: string) => {
    try {
      return again.find({ id }) !== undefined;
    } catch {
      return false;
    }
  };
  const unread = calls.filter((id) => !isRead(id));
  expect(unread.length).toBeGreaterThan(0);
  expect(unread.length).toBeLessThan(20);
  expect(calls.filter((id) => !isRead(id))).toEqual(unread);
});

test('people read it with sqlite3 while it is written', ({ skip }) => {
  if (spawnSync('sqlite3', ['--version']).error) {
    skip('there is no sqlite3 here');
  }
  const file = opened();
  file.commit([accepted('x-0'), started('x-0'), ended('x-0', { at: 1e12 }), accepted('x-1', { key: 'k' })]);
  const ask = (sql: string) => execFileSync('sqlite3', [path, sql], { encoding: 'utf8' }).trim();
  expect(ask('SELECT day, owner, agent, core, calls, cost_usd FROM cost_by_agent')).toBe(
    '2001-09-09|ann|agent|a|1|0.25',
  );
  expect(ask('SELECT id, attempts FROM open_calls')).toBe('x-1|0');
  file.commit([ended('x-1')]);
  expect(ask('SELECT count(*) FROM open_calls')).toBe('0');
});
