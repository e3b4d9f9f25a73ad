import { type ByPeriod, periodAt } from '../../syscalls/budget.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Ended, Found, JournalEntry, Restored, StoredCall, Wanted } from '../call/journal.js';
import type { StoredStart } from '../capacity/capacity.js';
import { WINDOW_MS } from '../capacity/rate-window.js';
import { type OpenedFile, openFile, refused } from './open-file.js';

/** What survives what: `process` the death of the kernel, `power` that of the machine too. */
export type JournalLevel = 'process' | 'power';

export interface FileOptions {
  readonly path: string;
  readonly level: JournalLevel;
  /** Milliseconds after which an ended call goes. */
  readonly keepMs: Millis;
  /** Bytes of the file above which the oldest ended calls go. */
  readonly maxBytes: number;
  /** `drop`: the prompt of a call that has ended is not kept. */
  readonly prompts: 'keep' | 'drop';
}

/** One fact, as a row. */
export type JournalRow =
  | { readonly type: 'accepted'; readonly call: Omit<StoredCall, 'params' | 'attempts'>; readonly body: string }
  | ({ readonly type: 'started'; readonly id: SyscallId; readonly attempt: number } & Omit<StoredStart, 'isOpen'>)
  | (Omit<Extract<JournalEntry, { type: 'ended' }>, 'end'> & { readonly body: string })
  | { readonly type: 'rated'; readonly id: SyscallId; readonly quality: number };

const DAY_MS = 86_400_000;
/** Pids that one boot may give out before those of the next one begin. */
const PIDS_A_BOOT = 1_000_000;
/** Ended calls that go in one commit at most, for each end in it. */
const LET_GO_AN_END = 2;
const LET_GO_AT_MOST = 200;
/** Free pages that a commit gives back to the disk at most. */
const PAGES_A_COMMIT = 256;

type Row = Readonly<Record<string, string | number | null>>;

/** The journal's SQLite file, opened by one kernel at a time. Blocks: it belongs into a thread. */
export class JournalFile {
  readonly #options: FileOptions;
  readonly #file: OpenedFile;
  readonly #db: OpenedFile['db'];
  readonly #statements: ReturnType<typeof prepare>;

  /** @throws SyscallError `invalid-config` for a file that is in use, not a journal, or of a later kernel */
  constructor(options: FileOptions) {
    this.#options = options;
    this.#file = openFile(options);
    this.#db = this.#file.db;
    this.#statements = prepare(this.#db);
  }

  /**
   * What an earlier kernel has left, read while the file is checked; to be asked before anything is written.
   *
   * @param now milliseconds since 1970
   * @throws SyscallError `invalid-config` for a file that is damaged, which is left as it is
   */
  async restore(now: Millis): Promise<Restored> {
    try {
      const { lowWater, boot, left } = this.#left(now);
      await this.#file.whole;
      const { setMeta } = this.#statements;
      setMeta.run('boot', boot + 1);
      setMeta.run('clean', 0);
      setMeta.run('low_water', lowWater);
      return left;
    } catch (error) {
      this.#db.close();
      this.#file.lock.release();
      throw refused(this.#options.path, error);
    }
  }

  #left(now: Millis) {
    const { nextSeq, starts, accounts, meta } = this.#statements;
    const open = this.#db.prepare(openCalls(this.#file.wasClosed)).all() as Row[];
    const boot = Number((meta.get('boot') as Row | undefined)?.['value'] ?? 0);
    const left: Restored = {
      firstPid: boot * PIDS_A_BOOT + 1,
      open: open.map(callOf),
      starts: (starts.all(now - WINDOW_MS) as Row[]).map((row) => ({
        core: String(row['core']),
        at: Number(row['at']),
        tokens: Number(row['tokens']),
        isOpen: row['ended'] === null,
      })),
      spentUsd: new Map((accounts.all() as Row[]).map((row) => [String(row['owner']), Number(row['cost_usd'])])),
      spentUsdBy: this.#spentBy(now),
    };
    return { boot, left, lowWater: Number((open[0] ?? (nextSeq.get() as Row))['seq']) };
  }

  #spentBy(now: Millis): ReadonlyMap<string, ByPeriod<number>> {
    const [day, month] = (['day', 'month'] as const).map((per) => periodAt(per, now).start / DAY_MS);
    const rows = this.#statements.days.all(day, month) as Row[];
    return new Map(rows.map((row) => [String(row['owner']), { day: Number(row['day']), month: Number(row['month']) }]));
  }

  /** Writes all rows, or none. @returns bytes of the file, without what is free in it */
  commit(rows: readonly JournalRow[]): number {
    const db = this.#db;
    db.exec('BEGIN IMMEDIATE');
    try {
      let ends = 0;
      for (const row of rows) {
        this.#write(row);
        if (row.type === 'ended') ends++;
      }
      if (ends > 0) this.#letGo(Math.min(LET_GO_AT_MOST, LET_GO_AN_END * ends), rows);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
    return this.#bytes();
  }

  find(wanted: Wanted): Found | undefined {
    const { byKey, byId } = this.#statements;
    const row = ('key' in wanted ? byKey.get(wanted.owner, wanted.key) : byId.get(wanted.id)) as Row | undefined;
    return row && foundOf(row);
  }

  /** Leaves the file as one that need not be checked when it is opened again. */
  close(): void {
    const { setMeta, lowWater } = this.#statements;
    setMeta.run('low_water', Number((lowWater.get() as Row)['seq']));
    setMeta.run('clean', 1);
    this.#db.close();
    this.#file.lock.release();
  }

  #write(row: JournalRow): void {
    const { freeKey, accept, start, end, account, addDay, rate } = this.#statements;
    switch (row.type) {
      case 'accepted': {
        const { id, caller, agent, at, expiresAt, priority, budgetUsd, budgetUsdBy = {} } = row.call;
        const { cores, key, fingerprint, task } = row.call;
        const { principal, tenant, pid, program } = caller;
        // The one that had the key before ended in a way that lets it be asked again.
        if (key !== undefined) freeKey.run(principal, key);
        const budget = budgetUsd === Number.POSITIVE_INFINITY ? null : budgetUsd;
        const list = cores === undefined ? null : JSON.stringify(cores);
        accept.run(
          id,
          principal,
          key ?? null,
          fingerprint ?? null,
          tenant,
          agent,
          pid,
          program,
          task ?? null,
          priority,
          budget,
          list,
          at,
          expiresAt ?? null,
          row.body,
          budgetUsdBy.day ?? null,
          budgetUsdBy.month ?? null,
        );
        return;
      }
      case 'started':
        start.run(row.attempt, row.core, row.at, row.tokens, row.id);
        return;
      case 'ended': {
        const { id, owner, status, core, at, inputTokens, outputTokens, costUsd, body } = row;
        const { changes } = end.run(status, core ?? null, at, inputTokens, outputTokens, costUsd, body, id);
        if (changes > 0) {
          account.run(owner, costUsd);
          addDay.run(owner, Math.floor(at / DAY_MS), costUsd);
        }
        return;
      }
      case 'rated':
        rate.run(row.quality, row.id);
    }
  }

  /** The oldest ended calls go: those past their time, and any while the file is too large. */
  #letGo(most: number, rows: readonly JournalRow[]): void {
    const { oldest, forgetCall, forgetStarts, forgetEnd, dropPrompt } = this.#statements;
    const { keepMs, maxBytes, prompts } = this.#options;
    if (prompts === 'drop') for (const row of rows) if (row.type === 'ended') dropPrompt.run(row.id);
    const now = rows.reduce((latest, row) => (row.type === 'ended' ? Math.max(latest, row.at) : latest), 0);
    const isFull = this.#bytes() > maxBytes;
    let gone = 0;
    for (const row of oldest.all(most) as Row[]) {
      if (!isFull && Number(row['ended_at']) + keepMs > now) break;
      for (const forget of [forgetStarts, forgetEnd, forgetCall]) forget.run(row['seq']);
      gone++;
    }
    if (gone > 0) this.#db.pragma(`incremental_vacuum(${PAGES_A_COMMIT})`);
  }

  #bytes(): number {
    const value = (name: string) => Number(Object.values((this.#db.pragma(name) as Row[])[0] ?? {})[0]);
    return (value('page_count') - value('freelist_count')) * value('page_size');
  }
}

const CALL = 'calls.*, (SELECT count(*) FROM starts WHERE starts.seq = calls.seq) AS attempts';
const CALL_AND_END = `${CALL}, ends.status, ends.core, ends.ended_at, ends.input_tokens, ends.output_tokens, ends.cost_usd,
  ends.rated, ends.body AS end_body`;

/** After a kill all calls since the start before it are looked through: by an index, since rows are long. */
function openCalls(wasClosed: boolean): string {
  return `SELECT ${CALL} FROM calls WHERE seq IN (
      SELECT seq FROM calls ${wasClosed ? 'NOT INDEXED' : 'INDEXED BY sqlite_autoindex_calls_1'}
      WHERE seq >= (SELECT value FROM meta WHERE key = 'low_water') AND seq NOT IN (SELECT seq FROM ends)
    ) ORDER BY seq`;
}

function prepare(db: OpenedFile['db']) {
  const seqOf = '(SELECT seq FROM calls WHERE id = ?)';
  return {
    meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
    setMeta: db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)'),
    lowWater: db.prepare(
      `SELECT coalesce(min(seq), (SELECT coalesce(max(seq), 0) + 1 FROM calls)) AS seq FROM calls
       WHERE seq >= (SELECT value FROM meta WHERE key = 'low_water') AND seq NOT IN (SELECT seq FROM ends)`,
    ),
    nextSeq: db.prepare('SELECT coalesce(max(seq), 0) + 1 AS seq FROM calls'),
    starts: db.prepare(
      `SELECT starts.core, starts.at, starts.tokens, ends.seq AS ended FROM starts LEFT JOIN ends USING (seq)
       WHERE starts.at > ? ORDER BY starts.at`,
    ),
    accounts: db.prepare('SELECT owner, cost_usd FROM accounts'),
    byKey: db.prepare(`SELECT ${CALL_AND_END} FROM calls LEFT JOIN ends USING (seq) WHERE owner = ? AND idem = ?`),
    byId: db.prepare(`SELECT ${CALL_AND_END} FROM calls LEFT JOIN ends USING (seq) WHERE id = ?`),
    freeKey: db.prepare('UPDATE calls SET idem = NULL WHERE owner = ? AND idem = ?'),
    accept: db.prepare(
      `INSERT INTO calls (id, owner, idem, fingerprint, tenant, agent, pid, program, task, priority, budget_usd, cores,
        accepted_at, expires_at, body, budget_day_usd, budget_month_usd)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    start: db.prepare(`INSERT OR REPLACE INTO starts SELECT seq, ?, ?, ?, ? FROM calls WHERE id = ?`),
    end: db.prepare(`INSERT OR IGNORE INTO ends SELECT seq, ?, ?, ?, ?, ?, ?, NULL, ? FROM calls WHERE id = ?`),
    account: db.prepare(
      `INSERT INTO accounts VALUES (?, ?, 1)
       ON CONFLICT (owner) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd, calls = calls + 1`,
    ),
    addDay: db.prepare(
      `INSERT INTO days VALUES (?, ?, ?)
       ON CONFLICT (owner, day) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd`,
    ),
    days: db.prepare(
      `SELECT owner, sum(iif(day = ?, cost_usd, 0)) AS day, sum(cost_usd) AS month FROM days WHERE day >= ? GROUP BY owner`,
    ),
    rate: db.prepare(`UPDATE ends SET rated = ? WHERE seq = ${seqOf}`),
    dropPrompt: db.prepare(`UPDATE calls SET body = '{}' WHERE id = ?`),
    oldest: db.prepare('SELECT seq, ended_at FROM ends ORDER BY seq LIMIT ?'),
    forgetCall: db.prepare('DELETE FROM calls WHERE seq = ?'),
    forgetStarts: db.prepare('DELETE FROM starts WHERE seq = ?'),
    forgetEnd: db.prepare('DELETE FROM ends WHERE seq = ?'),
  };
}

function callOf(row: Row): StoredCall {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const expiresAt = row['expires_at'] === null ? undefined : Number(row['expires_at']);
  const cores = text('cores');
  const [day, month] = [row['budget_day_usd'], row['budget_month_usd']];
  const budgetUsdBy = {
    ...(typeof day === 'number' ? { day } : {}),
    ...(typeof month === 'number' ? { month } : {}),
  };
  return {
    id: String(row['id']),
    caller: {
      pid: Number(row['pid']),
      program: Number(row['program']),
      tenant: String(row['tenant']),
      principal: String(row['owner']),
    },
    agent: String(row['agent']),
    at: Number(row['accepted_at']),
    expiresAt,
    priority: Number(row['priority']),
    budgetUsd: row['budget_usd'] === null ? Number.POSITIVE_INFINITY : Number(row['budget_usd']),
    ...(Object.keys(budgetUsdBy).length === 0 ? {} : { budgetUsdBy }),
    cores: cores === undefined ? undefined : (JSON.parse(cores) as string[]),
    key: text('idem'),
    fingerprint: text('fingerprint'),
    task: text('task'),
    params: JSON.parse(String(row['body'])) as ChatParams,
    attempts: Number(row['attempts']),
  };
}

function foundOf(row: Row): Found {
  const call = callOf(row);
  if (row['status'] === null) return { call };
  return {
    call,
    ended: {
      status: row['status'] as Ended['status'],
      core: row['core'] === null ? undefined : String(row['core']),
      at: Number(row['ended_at']),
      inputTokens: Number(row['input_tokens']),
      outputTokens: Number(row['output_tokens']),
      costUsd: Number(row['cost_usd']),
      rated: row['rated'] === null ? undefined : Number(row['rated']),
      end: JSON.parse(String(row['end_body'])) as Ended['end'],
    },
  };
}
