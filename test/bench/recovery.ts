import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { pino } from 'pino';
import type { JournalEntry, StoredCall } from '../../kernel/call/journal.js';
import { realClock } from '../../kernel/clock.js';
import { SqliteJournal } from '../../kernel/journal/sqlite-journal.js';
import type { Millis } from '../../syscalls/syscall.js';
import { serve } from './child.js';
import { quantiles } from './measure.js';

const ROUNDS = 5;
const HOUR_MS = 3_600_000;
/** Facts that are handed over together. */
const BATCH = 4096;
/** Never answers: open calls stay open from one start to the next. */
const CORE = {
  ...{ id: 'slow', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 }, cap: 8, ttftMs: 1e9 },
  ...{ prefillSpeed: 'unlimited', decodeSpeed: 'unlimited', answerTokens: { median: 1, spread: 0 } },
};
/** About 450 characters, as calls usually have. */
const MESSAGES = [{ role: 'user' as const, content: 'What is 2 + 2? '.repeat(30) }];

/**
 * How long a kernel takes from its start to its address after one that was killed, and with a new journal beside it. The calls came within an
 * hour.
 *
 * @param args ended calls in the journal, and open ones, evenly among them
 */
export async function run([ended = '1000000', open = '10000']: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-recovery-'));
  try {
    const path = join(folder, 'eccos.db');
    await fill(path, Number(ended), Number(open));
    const times = { fresh: [] as number[], left: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.fresh.push(await startMs(join(folder, `fresh-${round}.db`)));
      times.left.push(await startMs(path));
    }
    const mb = (statSync(path).size / 1e6).toFixed(0);
    console.log(`new journal: ${quantiles(times.fresh, 0)} ms from the start of the process to the address`);
    console.log(`${open} open calls among ${ended} ended ones, ${mb} MB, killed: ${quantiles(times.left, 0)} ms`);
    console.log(`median [min, max] of ${ROUNDS} rounds`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a journal, and leaves it as a kernel that is killed does. */
async function fill(path: string, ended: number, open: number): Promise<void> {
  const options = { path, level: 'process', keepMs: 24 * HOUR_MS, maxBytes: 2 ** 40, prompts: 'keep' } as const;
  const journal = new SqliteJournal(options, realClock, pino({ level: 'error' }));
  await journal.restore(Date.now());
  const calls = ended + open;
  const every = Math.floor(calls / open);
  let writing: (Promise<void> | undefined)[] = [];
  const now = Date.now();
  for (let n = 0; n < calls; n++) {
    const at = now - HOUR_MS * (1 - n / calls);
    for (const entry of entriesOf(n, at, n % every !== 0)) writing.push(journal.append(entry));
    if (writing.length < BATCH) continue;
    await Promise.all(writing);
    writing = [];
  }
  await journal.close();
  const db = new Database(path);
  db.exec("UPDATE meta SET value = 0 WHERE key IN ('clean', 'low_water')");
  db.close();
}

/** Of one call of a hundred agents. */
function entriesOf(n: number, at: Millis, isEnded: boolean): readonly JournalEntry[] {
  const id = `recovery-${n}`;
  const call: StoredCall = {
    ...{ id, at, key: `k-${n}`, fingerprint: 'f'.repeat(43), agent: `agent-${n % 100}`, task: 'sums' },
    caller: { pid: 1 + (n % 100), program: 1 + (n % 100), tenant: 'acme', principal: `owner-${n % 100}` },
    ...{ expiresAt: undefined, priority: 0, cores: undefined, budgetUsd: Number.POSITIVE_INFINITY, attempts: 0 },
    params: { messages: MESSAGES },
  };
  const accepted: JournalEntry = { id, at, type: 'accepted', call };
  if (!isEnded) return [accepted];
  const usage = { inputTokens: 120, outputTokens: 40 };
  const end = {
    ...{
      syscallId: id,
      core: 'slow',
      text: 'The sum of 2 and 2 is 4. '.repeat(8),
      toolCalls: [],
      finishReason: 'stop',
    },
    ...{ usage, costUsd: 0.0001, attempts: 1, waitingMs: 1, ttftMs: 1, turnaroundMs: 2, reason: 'first free' },
  };
  return [
    accepted,
    { id, at, type: 'started', core: 'slow', attempt: 1, tokens: 160 },
    {
      ...{ id, at, type: 'ended', status: 'done', core: 'slow', ...usage, costUsd: 0.0001, end: end as never },
      owner: call.caller.principal,
      key: call.key,
    },
  ];
}

async function startMs(path: string): Promise<number> {
  const config = { cores: [CORE], journal: { path, level: 'process', maxBytes: 2 ** 40 }, log: { level: 'error' } };
  const start = performance.now();
  const { child } = await serve('config', undefined, JSON.stringify(config));
  const ms = performance.now() - start;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  return ms;
}
