import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'libsql';
import type { FileLock } from '../../schedulers/file-lock.js';
import { SyscallError } from '../../syscalls/errors.js';
import { verdictOn } from './check-file.js';
import type { FileOptions } from './journal-file.js';
import { invalid, lock } from './lock.js';
import { FILL_DAYS, NEW_COLUMNS, SCHEMA, SCHEMA_VERSION } from './schema.js';
import { type Statements, statementsOf } from './statements.js';
import type { Row } from './stored-of.js';

/** The file of a journal, with the tables of today. */
export interface OpenedFile {
  readonly db: Database.Database;
  readonly statements: Statements;
  readonly lock: FileLock;
  /** Settles once the file is known to be whole: nothing may be written before. Rejects with `invalid-config`. */
  readonly whole: Promise<void>;
}

/**
 * Opens a file, or makes one. One that no kernel has closed is read from end to end by a thread of its own.
 *
 * @throws SyscallError `invalid-config` for a file that is in use, not a journal, or of a later kernel
 */
export function openFile({ path, level }: FileOptions): OpenedFile {
  expectPlace(path);
  const held = lock(path);
  let db: Database.Database | undefined;
  try {
    db = new Database(path);
    const left = leftIn(db, path);
    // Before the first table: it cannot be turned on later.
    db.pragma('auto_vacuum=INCREMENTAL');
    db.pragma('journal_mode=WAL');
    db.pragma(`synchronous=${level === 'power' ? 'FULL' : 'NORMAL'}`);
    db.pragma('wal_autocheckpoint=4000');
    if (left === undefined) create(db);
    const { wasClosed = true, isOfBefore = false } = left ?? {};
    // Its tables must be altered before it can be read.
    if (isOfBefore && !wasClosed) expectWhole(path, verdictOn(path));
    if (isOfBefore) bringUp(db);
    const whole = isOfBefore || wasClosed ? Promise.resolve() : checked(path);
    // Who reads the file meanwhile may find the fault first.
    whole.catch(() => {});
    return { db, statements: statementsOf(db, wasClosed), lock: held, whole };
  } catch (error) {
    db?.close();
    held.release();
    throw refused(path, error);
  }
}

/** Before a lock lies beside it. */
function expectPlace(path: string): void {
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw invalid(path, `expected a file in a folder that exists, got none at ${folder}`);
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) {
    throw invalid(path, `expected a file, got ${found.isDirectory() ? 'a folder' : 'something else'}`);
  }
}

/** What is said of a file that cannot be read or must not be written to. */
export function refused(path: string, error: unknown): SyscallError {
  return error instanceof SyscallError ? error : invalid(path, `expected a journal, got: ${(error as Error).message}`);
}

async function checked(path: string): Promise<void> {
  const thread = new Worker(createRequire(import.meta.url).resolve('#journal-check'), { workerData: path });
  const [verdict] = await once(thread, 'message');
  expectWhole(path, verdict);
}

function expectWhole(path: string, verdict: string): void {
  if (verdict !== 'ok') throw invalid(path, `expected a journal that is whole, got: ${verdict}`);
}

interface Left {
  /** Whether the kernel before has closed it. */
  readonly wasClosed: boolean;
  /** An earlier version has made it. */
  readonly isOfBefore: boolean;
}

/** What an earlier kernel says of the file; undefined: it is new. */
function leftIn(db: Database.Database, path: string): Left | undefined {
  const tables = (db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as Row[]).map(
    ({ name }) => name,
  );
  if (tables.length === 0) return undefined;
  if (!tables.includes('meta')) {
    throw invalid(path, `expected a journal, got a database of something else, with the table "${tables[0]}"`);
  }
  const read = db.prepare('SELECT value FROM meta WHERE key = ?');
  const version = Number((read.get('schema') as Row | undefined)?.['value'] ?? 0);
  if (version > SCHEMA_VERSION) throw invalid(path, `expected schema ${SCHEMA_VERSION} or lower, got ${version}`);
  return { wasClosed: (read.get('clean') as Row | undefined)?.['value'] === 1, isOfBefore: !tables.includes('days') };
}

/** All or nothing: what has its tables is no new file. */
function create(db: Database.Database): void {
  db.exec('BEGIN');
  db.exec(SCHEMA);
  const write = db.prepare('INSERT INTO meta VALUES (?, ?)');
  for (const meta of Object.entries({ schema: SCHEMA_VERSION, low_water: 0, boot: 0, clean: 1 })) write.run(...meta);
  db.exec('COMMIT');
}

function bringUp(db: Database.Database): void {
  db.exec(SCHEMA);
  const columns = db.prepare('PRAGMA table_info(calls)').all() as Row[];
  const known = new Set(columns.map((column) => column['name']));
  for (const { name, add } of NEW_COLUMNS) if (!known.has(name)) db.exec(add);
  db.exec(FILL_DAYS);
}
