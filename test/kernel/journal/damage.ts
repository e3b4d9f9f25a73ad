import { closeSync, openSync, writeSync } from 'node:fs';
import Database from 'libsql';

/** Overwrites a page in the middle of the calls of a journal that no kernel uses. */
export function damageCalls(path: string): void {
  const db = new Database(path);
  const page = db.prepare("SELECT pageno FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf' LIMIT 1 OFFSET 20");
  const { pageno } = page.get() as { pageno: number };
  // What is in the log beside the file would be read in place of it.
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, (pageno - 1) * 4096);
  closeSync(file);
}
