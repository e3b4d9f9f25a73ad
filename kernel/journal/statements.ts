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

export type Statements = ReturnType<typeof statementsOf>;

/** Every statement of the journal, compiled. @param wasClosed whether the kernel before has closed the file */
export function statementsOf(db: Database.Database, wasClosed: boolean) {
  const seqOf = '(SELECT seq FROM calls WHERE id = ?)';
  return {
    meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
    setMeta: db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)'),
    lowWater: db.prepare(
      `SELECT coalesce(min(seq), (SELECT coalesce(max(seq), 0) + 1 FROM calls)) AS seq FROM calls
       WHERE seq >= (SELECT value FROM meta WHERE key = 'low_water') AND seq NOT IN (SELECT seq FROM ends)`,
    ),
    open: db.prepare(openCalls(wasClosed)),
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
