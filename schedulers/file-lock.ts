import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Database from 'libsql';

/**
 * A lock that dies with its process, held by an SQLite file of its own: of journals and memories, which are one kernel's at a time. An
 * exclusive lock on a journal itself would shut out its readers.
 */
export class FileLock {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  /**
   * @param file made where there is none
   * @returns undefined while another process holds it
   * @throws what the file system says
   */
  static take(file: string): FileLock | undefined {
    const found = statSync(file, { throwIfNoEntry: false });
    // Opening a pipe would wait for its other end.
    if (found !== undefined && !found.isFile()) throw new Error(`${file} is not a file`);
    // Loaded here: policies without a memory need no database.
    const Sqlite = createRequire(import.meta.url)('libsql') as typeof Database;
    let db: Database.Database | undefined;
    try {
      db = new Sqlite(file, { timeout: 0 });
      db.pragma('locking_mode=EXCLUSIVE');
      db.exec('BEGIN EXCLUSIVE');
      return new FileLock(db);
    } catch (error) {
      db?.close();
      const { code, message } = error as Error & { code?: string };
      if (code?.startsWith('SQLITE_BUSY') || /locked|busy/i.test(message)) return undefined;
      throw error;
    }
  }

  /** The driver keeps a lock that a transaction has left behind, even when it is closed. */
  release(): void {
    this.#db.exec('ROLLBACK');
    this.#db.pragma('locking_mode=NORMAL');
    this.#db.prepare('SELECT count(*) FROM sqlite_master').get();
    this.#db.close();
  }
}
