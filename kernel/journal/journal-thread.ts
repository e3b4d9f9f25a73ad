import { parentPort, workerData } from 'node:worker_threads';
import { SyscallError } from '../../syscalls/errors.js';
import type { Wanted } from '../call/journal.js';
import { type FileOptions, JournalFile, type JournalRow } from './journal-file.js';

/** What the thread is asked, one answer each, in order. */
export type JournalTask =
  | { readonly type: 'restore'; readonly now: number }
  | { readonly type: 'commit'; readonly rows: readonly JournalRow[] }
  | { readonly type: 'find'; readonly wanted: readonly Wanted[] }
  | { readonly type: 'close' };

/** What a task came to. */
export type JournalAnswer = { readonly result: unknown } | { readonly error: ReturnType<SyscallError['toRpc']> };

let file: JournalFile | undefined;

function done(task: JournalTask): unknown {
  file ??= new JournalFile(workerData as FileOptions);
  const journal = file;
  switch (task.type) {
    case 'restore':
      return journal.restore(task.now);
    case 'commit':
      return journal.commit(task.rows);
    case 'find':
      return task.wanted.map((wanted) => journal.find(wanted));
    case 'close':
      return journal.close();
  }
}

parentPort?.on('message', async (task: JournalTask) => {
  let answer: JournalAnswer;
  try {
    answer = { result: await done(task) };
  } catch (error) {
    answer = { error: SyscallError.from(error).toRpc() };
  }
  parentPort?.postMessage(answer);
});
