import { existsSync } from 'node:fs';
import Database from 'libsql';
import { SyscallError } from '../../syscalls/errors.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';

/** A call as one line. */
export interface JournalLine {
  readonly id: SyscallId;
  readonly agent: string;
  readonly owner: string;
  readonly acceptedAt: Millis;
  /** `open`, or how it ended. */
  readonly status: string;
  readonly core: string | undefined;
  readonly costUsd: number | undefined;
  readonly attempts: number;
}

type Row = Readonly<Record<string, string | number | null>>;

const LINE = `SELECT id, agent, owner, accepted_at, coalesce(status, 'open') AS status, ends.core, cost_usd,
  (SELECT count(*) FROM starts WHERE starts.seq = calls.seq) AS attempts FROM calls LEFT JOIN ends USING (seq)`;

/** Reads a journal for people, also while a kernel writes it. */
export class JournalReader {
  readonly #db: Database.Database;

  /** @throws SyscallError `invalid-params` for a file that is no journal */
  constructor(path: string) {
    try {
      if (!existsSync(path)) throw new Error('there is no such file');
      this.#db = new Database(path, { readonly: true });
      this.#db.prepare('SELECT value FROM meta').get();
    } catch (error) {
      throw new SyscallError('invalid-params', `${path}: expected a journal, got: ${(error as Error).message}`);
    }
  }

  /** The newest calls, the newest last. @param which `open`: only those that have not ended */
  list(which: 'open' | 'all', limit: number): readonly JournalLine[] {
    const where = which === 'open' ? 'WHERE status IS NULL' : '';
    const rows = this.#db.prepare(`${LINE} ${where} ORDER BY seq DESC LIMIT ?`).all(limit) as Row[];
    return rows.toReversed().map((row) => ({
      id: String(row['id']),
      agent: String(row['agent']),
      owner: String(row['owner']),
      acceptedAt: Number(row['accepted_at']),
      status: String(row['status']),
      core: row['core'] === null ? undefined : String(row['core']),
      costUsd: row['cost_usd'] === null ? undefined : Number(row['cost_usd']),
      attempts: Number(row['attempts']),
    }));
  }

  /** All that is known of a call: its row, its starts and its end, with what was asked and answered. Undefined: nothing. */
  show(id: SyscallId): object | undefined {
    const call = this.#db.prepare('SELECT * FROM calls WHERE id = ?').get(id) as Row | undefined;
    if (call === undefined) return undefined;
    const starts = this.#db
      .prepare('SELECT attempt, core, at, tokens FROM starts WHERE seq = ?')
      .all(call['seq']) as Row[];
    const end = this.#db.prepare('SELECT * FROM ends WHERE seq = ?').get(call['seq']) as Row | undefined;
    return { call: plain(call), starts: starts.map(plain), ...(end === undefined ? {} : { end: plain(end) }) };
  }

  close(): void {
    this.#db.close();
  }
}

/** A row without what is of the file only, its body read. */
function plain({ seq: _seq, _metadata, body, ...row }: Row): object {
  const known = Object.entries(row).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(known), ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}) };
}
