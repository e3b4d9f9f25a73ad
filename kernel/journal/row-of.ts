import type { JournalEntry } from '../call/journal.js';
import type { JournalRow } from './journal-file.js';

/** A fact as it is written: what only is read again as a whole is JSON. */
export function rowOf(entry: JournalEntry): JournalRow {
  switch (entry.type) {
    case 'accepted': {
      const { params, attempts: _attempts, ...call } = entry.call;
      return { type: 'accepted', call, body: JSON.stringify(params) };
    }
    case 'ended': {
      const { end, ...ended } = entry;
      return { ...ended, body: JSON.stringify(end) };
    }
    default:
      return entry;
  }
}
