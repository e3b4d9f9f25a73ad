import Database from 'libsql';

/** Of the file, that are mapped into memory while it is read: less than half the time to read a gigabyte. */
const MAPPED_BYTES = 2 ** 40;

/**
 * Reads all of a file. It is mapped only for so long, over a connection of its own: a fault of the disk in a mapped file ends the process.
 *
 * @returns `ok`, or what is wrong
 */
export function verdictOn(path: string): string {
  try {
    const db = new Database(path, { readonly: true });
    try {
      db.pragma(`mmap_size=${MAPPED_BYTES}`);
      const [first = {}] = db.pragma('quick_check') as readonly object[];
      return String(Object.values(first)[0]);
    } finally {
      db.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}
