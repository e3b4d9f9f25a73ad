import Database from 'libsql';
import { SyscallError } from '../../syscalls/errors.js';

/**
 * Held for the life of the kernel, in a file beside the journal: an exclusive lock on the journal would shut out its readers.
 *
 * @throws SyscallError `invalid-config` while another kernel holds it
 */
export function lock(path: string): Database.Database {
  const file = `${path}.lock`;
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { timeout: 0 });
    db.pragma('locking_mode=EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    const { code, message } = error as Error & { code?: string };
    const isTaken = code?.startsWith('SQLITE_BUSY') || /locked|busy/i.test(message);
    throw invalid(
      path,
      isTaken ? 'expected a journal that no other kernel uses, got one in use' : `${file}: ${message}`,
    );
  }
}

/** The driver keeps a lock that a transaction has left behind, even when it is closed. */
export function unlock(db: Database.Database): void {
  db.exec('ROLLBACK');
  db.pragma('locking_mode=NORMAL');
  db.prepare('SELECT count(*) FROM sqlite_master').get();
  db.close();
}

/** A journal that cannot be used. */
export function invalid(path: string, message: string): SyscallError {
  return new SyscallError('invalid-config', `journal.path: ${path}: ${message}`);
}
