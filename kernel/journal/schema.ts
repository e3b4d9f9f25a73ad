/** Version of the tables below. A file with a higher one was written by a later kernel. */
export const SCHEMA_VERSION = 1;

/** Of the journal's file. Times are milliseconds since 1970, days are counted from there in UTC; `body` is JSON. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, idem TEXT, fingerprint TEXT,
  tenant TEXT NOT NULL, agent TEXT NOT NULL, pid INTEGER NOT NULL, program INTEGER NOT NULL, task TEXT,
  priority INTEGER NOT NULL, budget_usd REAL, cores TEXT, accepted_at REAL NOT NULL, expires_at REAL, body TEXT NOT NULL,
  budget_day_usd REAL, budget_month_usd REAL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS calls_by_key ON calls (owner, idem) WHERE idem IS NOT NULL;
CREATE TABLE IF NOT EXISTS starts (
  seq INTEGER NOT NULL, attempt INTEGER NOT NULL, core TEXT NOT NULL, at REAL NOT NULL, tokens INTEGER NOT NULL,
  PRIMARY KEY (seq, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS starts_by_time ON starts (at);
CREATE TABLE IF NOT EXISTS ends (
  seq INTEGER PRIMARY KEY, status TEXT NOT NULL, core TEXT, ended_at REAL NOT NULL, input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL, rated REAL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS accounts (owner TEXT PRIMARY KEY, cost_usd REAL NOT NULL, calls INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (
  owner TEXT, day INTEGER, cost_usd REAL NOT NULL, PRIMARY KEY (owner, day)
) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS open_calls AS
  SELECT id, owner, agent, task, priority, datetime(accepted_at / 1000, 'unixepoch') AS accepted,
    (SELECT count(*) FROM starts WHERE starts.seq = calls.seq) AS attempts
  FROM calls WHERE seq >= (SELECT value FROM meta WHERE key = 'low_water') AND seq NOT IN (SELECT seq FROM ends);
CREATE VIEW IF NOT EXISTS cost_by_agent AS
  SELECT date(ended_at / 1000, 'unixepoch') AS day, owner, agent, core, count(*) AS calls, sum(cost_usd) AS cost_usd
  FROM ends JOIN calls USING (seq) GROUP BY day, owner, agent, core;
CREATE VIEW IF NOT EXISTS decisions AS
  SELECT id, ends.core, json_extract(ends.body, '$.reason') AS reason
  FROM ends JOIN calls USING (seq) WHERE status = 'done';
`;

/** What makes a file of before budgets by day and month one of today: an earlier kernel can still use it. */
export const NEW_COLUMNS = ['budget_day_usd', 'budget_month_usd'].map((name) => ({
  name,
  add: `ALTER TABLE calls ADD COLUMN ${name} REAL`,
}));
export const FILL_DAYS = `INSERT OR IGNORE INTO days
  SELECT owner, CAST(ended_at / 86400000 AS INTEGER) AS day, sum(cost_usd) FROM ends JOIN calls USING (seq) GROUP BY owner, day`;
