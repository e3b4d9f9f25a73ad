import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEntry } from '../../../kernel/call/journal.js';
import { realClock } from '../../../kernel/clock.js';
import { SqliteJournal } from '../../../kernel/journal/sqlite-journal.js';
import { damageCalls } from './damage.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function journalIn(at: string, lines: string[] = []): SqliteJournal {
  const options = {
    path: join(at, 'eccos.db'),
    level: 'power',
    keepMs: 1e12,
    maxBytes: 2 ** 40,
    prompts: 'keep',
  } as const;
  return new SqliteJournal(options, realClock, pino({ base: null }, { write: (line) => void lines.push(line) }));
}

function accepted(id: string, text = 'hi'): JournalEntry {
  const call = {
    ...{ id, caller: { pid: 1, program: 1, tenant: 't', principal: 'p' }, agent: 'a', at: 1, expiresAt: undefined },
    ...{ priority: 0, budgetUsd: 1, cores: undefined, key: undefined, fingerprint: undefined, task: undefined },
    ...{ params: { messages: [{ role: 'user' as const, content: text }] }, attempts: 0 },
  };
  return { type: 'accepted', id, at: 1, call };
}

function ended(id: string): JournalEntry {
  const used = { core: 'a', inputTokens: 1, outputTokens: 1, costUsd: 0.5 };
  const error = { code: -32021, message: 'Cancelled', data: { code: 'cancelled', retryable: false } as const };
  return { type: 'ended', id, owner: 'p', key: undefined, at: 2, status: 'cancelled', ...used, end: error };
}

test('facts are settled in order, and are there for the next kernel', async () => {
  const journal = journalIn(folder);
  expect(await journal.restore(0)).toMatchObject({ open: [], firstPid: 1 });
  const order: number[] = [];
  const all = Array.from({ length: 500 }, (_, n) => journal.append(accepted(`x-${n}`)).then(() => order.push(n)));
  await Promise.all(all);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  void journal.append(ended('x-0'));
  await journal.close();
  await expect(journal.append(accepted('late'))).rejects.toThrow('closed');
  const { bytes = 0, commitMs, ...figures } = journal.figures();
  expect(figures).toEqual({ written: 501, refused: 0, waiting: 0, commits: expect.any(Number) });
  expect([figures.commits < 50, bytes > 4096, commitMs.total > 0, commitMs.p99 >= commitMs.p50]).toEqual(
    Array(4).fill(true),
  );
  const next = journalIn(folder);
  const { open, spentUsd } = await next.restore(0);
  expect([open.length, open[0]?.id, spentUsd.get('p')]).toEqual([499, 'x-1', 0.5]);
  expect(await next.find({ id: 'x-0' })).toMatchObject({ ended: { status: 'cancelled' } });
  await next.close();
});

test('a journal that cannot be opened says why, and closes', async () => {
  writeFileSync(join(folder, 'eccos.db'), 'no database at all, but something that somebody may need');
  const journal = journalIn(folder);
  await expect(journal.restore(0)).rejects.toMatchObject({ code: 'invalid-config' });
  await journal.close();
});

test('on a full disk new calls are refused, ends wait, and all goes on when there is room', async ({ skip }) => {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  if (mounted.status !== 0) return skip('only root may mount a small disk');
  try {
    const lines: string[] = [];
    const journal = journalIn(folder, lines);
    await journal.restore(0);
    await journal.append(accepted('first'));
    writeFileSync(join(folder, 'ballast'), '');
    spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'ballast')}`, 'bs=4k']);
    await expect(journal.append(accepted('second', 'x'.repeat(50_000)))).rejects.toThrow(/full|I\/O/);
    let isWritten = false;
    const end = journal.append(ended('first')).then(() => {
      isWritten = true;
    });
    const third = journal.append(accepted('third', 'y'.repeat(50_000)));
    await expect(third).rejects.toThrow();
    expect(isWritten).toBe(false);
    expect(journal.figures()).toMatchObject({ written: 1, refused: 2, waiting: 1 });
    expect(await journal.find({ id: 'first' })).toMatchObject({ call: { id: 'first' } });
    rmSync(join(folder, 'ballast'));
    await end;
    await journal.append(accepted('fourth'));
    expect(await journal.find({ id: 'first' })).toMatchObject({ ended: { status: 'cancelled' } });
    await journal.close();
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'the journal cannot be written',
      'the journal is written again',
    ]);
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('of calls that are looked for in one turn, one that cannot be read fails alone, and the log names the file', async () => {
  const first = journalIn(folder);
  await first.restore(0);
  const ids = Array.from({ length: 300 }, (_, n) => `x-${n}`);
  await Promise.all(ids.flatMap((id) => [first.append(accepted(id, 'y'.repeat(500))), first.append(ended(id))]));
  await first.close();
  const path = join(folder, 'eccos.db');
  damageCalls(path);
  const lines: string[] = [];
  const journal = journalIn(folder, lines);
  await journal.restore(0);
  const found = await Promise.allSettled(ids.map((id) => journal.find({ id })));
  const failed = found.filter(({ status }) => status === 'rejected');
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(20);
  expect(lines.filter((line) => line.includes(path))).toHaveLength(failed.length);
  await journal.close();
});
