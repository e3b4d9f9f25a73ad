import { type ByPeriod, periodAt } from '../../syscalls/budget.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Found, JournalEntry, Restored, StoredCall, Wanted } from '../call/journal.js';
import type { StoredStart } from '../capacity/capacity.js';
import { WINDOW_MS } from '../capacity/rate-window.js';
import { type OpenedFile, openFile, refused } from './open-file.js';
import { statementsOf } from './statements.js';
import { callOf, foundOf, type Row } from './stored-of.js';

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

/** The journal's SQLite file, opened by one kernel at a time. Blocks: it belongs into a thread. */
export class JournalFile {
  readonly #options: FileOptions;
  readonly #file: OpenedFile;
  readonly #db: OpenedFile['db'];
  #statements: OpenedFile['statements'];

  /** @throws SyscallError `invalid-config` for a file that is in use, not a journal, or of a later kernel */
  constructor(options: FileOptions) {
    this.#options = options;
    this.#file = openFile(options);
    this.#db = this.#file.db;
    this.#statements = this.#file.statements;
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
    const { open, nextSeq, starts, accounts, meta } = this.#statements;
    const calls = open.all() as Row[];
    const boot = Number((meta.get('boot') as Row | undefined)?.['value'] ?? 0);
    const left: Restored = {
      firstPid: boot * PIDS_A_BOOT + 1,
      open: calls.map(callOf),
      starts: (starts.all(now - WINDOW_MS) as Row[]).map((row) => ({
        core: String(row['core']),
        at: Number(row['at']),
        tokens: Number(row['tokens']),
        isOpen: row['ended'] === null,
      })),
      spentUsd: new Map((accounts.all() as Row[]).map((row) => [String(row['owner']), Number(row['cost_usd'])])),
      spentUsdBy: this.#spentBy(now),
    };
    return { boot, left, lowWater: Number((calls[0] ?? (nextSeq.get() as Row))['seq']) };
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
      this.#renew();
      throw error;
    }
    return this.#bytes();
  }

  find(wanted: Wanted): Found | undefined {
    const { byKey, byId } = this.#statements;
    try {
      const row = ('key' in wanted ? byKey.get(wanted.owner, wanted.key) : byId.get(wanted.id)) as Row | undefined;
      return row && foundOf(row);
    } catch (error) {
      this.#renew();
      throw error;
    }
  }

  /** One that has thrown goes on throwing, whatever it is asked. */
  #renew(): void {
    this.#statements = statementsOf(this.#db, true);
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
