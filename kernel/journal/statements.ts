import type Database from 'libsql';

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

const SEQ_OF = '(SELECT seq FROM calls WHERE id = ?)';

const SQL = {
  meta: 'SELECT value FROM meta WHERE key = ?',
  setMeta: 'INSERT OR REPLACE INTO meta VALUES (?, ?)',
  lowWater: `SELECT coalesce(min(seq), (SELECT coalesce(max(seq), 0) + 1 FROM calls)) AS seq FROM calls
     WHERE seq >= (SELECT value FROM meta WHERE key = 'low_water') AND seq NOT IN (SELECT seq FROM ends)`,
  nextSeq: 'SELECT coalesce(max(seq), 0) + 1 AS seq FROM calls',
  starts: `SELECT starts.core, starts.at, starts.tokens, ends.seq AS ended FROM starts LEFT JOIN ends USING (seq)
     WHERE starts.at > ? ORDER BY starts.at`,
  accounts: 'SELECT owner, cost_usd FROM accounts',
  byKey: `SELECT ${CALL_AND_END} FROM calls LEFT JOIN ends USING (seq) WHERE owner = ? AND idem = ?`,
  byId: `SELECT ${CALL_AND_END} FROM calls LEFT JOIN ends USING (seq) WHERE id = ?`,
  freeKey: 'UPDATE calls SET idem = NULL WHERE owner = ? AND idem = ?',
  accept: `INSERT INTO calls (id, owner, idem, fingerprint, tenant, agent, pid, program, task, priority, budget_usd, cores,
      accepted_at, expires_at, body, budget_day_usd, budget_month_usd)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  start: `INSERT OR REPLACE INTO starts SELECT seq, ?, ?, ?, ? FROM calls WHERE id = ?`,
  end: `INSERT OR IGNORE INTO ends SELECT seq, ?, ?, ?, ?, ?, ?, NULL, ? FROM calls WHERE id = ?`,
  account: `INSERT INTO accounts VALUES (?, ?, 1)
     ON CONFLICT (owner) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd, calls = calls + 1`,
  addDay: `INSERT INTO days VALUES (?, ?, ?)
     ON CONFLICT (owner, day) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd`,
  days: `SELECT owner, sum(iif(day = ?, cost_usd, 0)) AS day, sum(cost_usd) AS month FROM days WHERE day >= ? GROUP BY owner`,
  rate: `UPDATE ends SET rated = ? WHERE seq = ${SEQ_OF}`,
  dropPrompt: `UPDATE calls SET body = '{}' WHERE id = ?`,
  oldest: 'SELECT seq, ended_at FROM ends ORDER BY seq LIMIT ?',
  forgetCall: 'DELETE FROM calls WHERE seq = ?',
  forgetStarts: 'DELETE FROM starts WHERE seq = ?',
  forgetEnd: 'DELETE FROM ends WHERE seq = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL | 'open', Database.Statement>>;

/** Every statement of the journal, compiled. @param wasClosed whether the kernel before has closed the file */
export function statementsOf(db: Database.Database, wasClosed: boolean): Statements {
  const all = Object.entries({ ...SQL, open: openCalls(wasClosed) });
  return Object.fromEntries(all.map(([name, sql]) => [name, db.prepare(sql)])) as Statements;
}
