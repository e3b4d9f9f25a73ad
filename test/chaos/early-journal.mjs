import { SqliteJournal } from '../../dist/kernel/journal/sqlite-journal.js';

/** Loaded before a kernel: its journal acknowledges what it writes only later. Such a build must fail the test with kills. */
const LATE_MS = 300;

const { append } = SqliteJournal.prototype;
SqliteJournal.prototype.append = function (entry) {
  setTimeout(() => append.call(this, entry)?.catch(() => {}), LATE_MS);
  return undefined;
};
