import { expect, test } from 'vitest';
import { NotWritten, type StoredCall } from '../../../kernel/call/journal.js';
import { realClock } from '../../../kernel/clock.js';
import { GroupCommit } from '../../../kernel/journal/group-commit.js';
import type { JournalRow } from '../../../kernel/journal/journal-file.js';
import { createLogger } from '../../../kernel/log.js';

const accepted = (id: string): JournalRow => ({ type: 'accepted', call: { id } as StoredCall, body: '{}' });
const rated = (id: string): JournalRow => ({ type: 'rated', id, quality: 1 });
const nameOf = (row: JournalRow) => `${row.type} ${row.type === 'accepted' ? row.call.id : row.id}`;

test('while nothing can be written calls are refused, for sure, but for those of the commit that failed; the rest is written later', async () => {
  const sent: string[][] = [];
  let isBroken = true;
  const group = new GroupCommit({
    clock: realClock,
    log: createLogger({ level: 'silent' }),
    commit: async (rows) => {
      sent.push(rows.map(nameOf));
      if (isBroken) throw new Error('the answer was lost');
      return undefined;
    },
  });
  const error = (row: JournalRow) => group.append(row).then(String, (thrown: unknown) => thrown);
  const [first, rating] = [error(accepted('a')), group.append(rated('x'))];
  const unsure = await first;
  expect(unsure).toMatchObject({ message: 'the answer was lost' });
  expect(unsure).not.toBeInstanceOf(NotWritten);
  expect(await error(accepted('b'))).toBeInstanceOf(NotWritten);
  isBroken = false;
  await rating;
  await group.append(accepted('c'));
  expect(sent).toEqual([['accepted a', 'rated x'], ['rated x'], ['accepted c']]);
  expect(group.figures).toMatchObject({ refused: 2, written: 2, waiting: 0 });
  await group.close();
});
