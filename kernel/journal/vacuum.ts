import { statSync } from 'node:fs';
import Database from 'libsql';
import { JournalReader } from './journal-reader.js';
import { lock } from './lock.js';

/**
 * Writes a journal anew without its gaps.
 *
 * @returns bytes of the file
 * @throws SyscallError `invalid-params` for a file that is no journal, `invalid-config` while a kernel uses it
 */
export function vacuum(path: string): { readonly before: number; readonly after: number } {
  new JournalReader(path).close();
  const held = lock(path);
  try {
    const before = statSync(path).size;
    const db = new Database(path);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.exec('VACUUM');
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    return { before, after: statSync(path).size };
  } finally {
    held.release();
  }
}
