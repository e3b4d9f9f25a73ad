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

/** What a task came to, and each call that was looked for. */
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
      // One that cannot be read says nothing of the others.
      return Promise.all(task.wanted.map((wanted) => answerTo(() => journal.find(wanted))));
    case 'close':
      return journal.close();
  }
}

async function answerTo(work: () => unknown): Promise<JournalAnswer> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: SyscallError.from(error).toRpc() };
  }
}

parentPort?.on('message', async (task: JournalTask) => parentPort?.postMessage(await answerTo(() => done(task))));
