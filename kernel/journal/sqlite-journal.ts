import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Found, Journal, JournalEntry, Restored, Wanted } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { FileOptions, JournalRow } from './journal-file.js';
import type { JournalAnswer, JournalTask } from './journal-thread.js';

/** What one commit takes at most. */
const MOST_ROWS = 4096;
const MOST_CHARACTERS = 2 ** 22;
/** Characters that wait to be written, above which no call is taken in. */
const LAGGING = 2 ** 26;
/** Pause before what could not be written is tried again. */
const RETRY_MS = 500;

interface Waiting {
  readonly row: JournalRow;
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Answering {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A journal in a SQLite file, written by a thread of its own. All facts that come while one commit is under way go into the
 * next one, so that a disk that takes 4 ms to be sure serves thousands of calls a second.
 *
 * A call that cannot be written is refused. What is known of a call that was taken in is tried again until it is written.
 */
export class SqliteJournal implements Journal {
  readonly #options: FileOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  #worker: Worker | undefined;
  readonly #answering: Answering[] = [];
  #waiting: Waiting[] = [];
  #waitingSize = 0;
  #isOpen = false;
  /** Settles when nothing waits any more; undefined: nothing does. */
  #writing: Promise<void> | undefined;
  #isClosing = false;
  #isFailing = false;
  #closed: Promise<void> | undefined;

  constructor(options: FileOptions, clock: Clock, log: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  async restore(now: Millis): Promise<Restored> {
    const restored = (await this.#ask({ type: 'restore', now })) as Restored;
    this.#isOpen = true;
    return restored;
  }

  append(entry: JournalEntry): Promise<void> {
    if (this.#isClosing) return Promise.reject(new TypeError('The journal is closed'));
    if (entry.type === 'accepted' && this.#waitingSize > LAGGING) {
      return Promise.reject(new RangeError('The journal does not keep up'));
    }
    const row = rowOf(entry);
    return new Promise((resolve, reject) => {
      const size = 'body' in row ? row.body.length : 0;
      this.#waitingSize += size;
      this.#waiting.push({ row, size, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  find(wanted: Wanted): Promise<Found | undefined> {
    return this.#ask({ type: 'find', wanted }) as Promise<Found | undefined>;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    await this.#writing;
    if (this.#isOpen) await this.#ask({ type: 'close' });
    await this.#worker?.terminate();
  }

  /** Writes until nothing waits. What cannot be written is tried again, until the journal closes. */
  async #write(): Promise<void> {
    await this.#pause(0);
    for (let batch = this.#batch(); batch.length > 0; batch = this.#batch()) {
      if (await this.#commit(batch)) continue;
      if (this.#isClosing) break;
      await this.#pause(RETRY_MS);
    }
    this.#writing = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<boolean> {
    try {
      await this.#ask({ type: 'commit', rows: batch.map(({ row }) => row) });
      if (this.#isFailing) this.#log.info('the journal is written again');
      this.#isFailing = false;
      for (const { resolve } of batch) resolve();
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#log.error({ err: error }, 'the journal cannot be written');
      this.#isFailing = true;
      const kept = batch.filter((one) => one.row.type !== 'accepted');
      for (const one of batch) if (one.row.type === 'accepted') one.reject(error);
      this.#waiting = [...kept, ...this.#waiting];
      this.#waitingSize += kept.reduce((sum, { size }) => sum + size, 0);
      return false;
    }
  }

  #pause(ms: Millis): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }

  #batch(): Waiting[] {
    let size = 0;
    let count = 0;
    while (count < Math.min(MOST_ROWS, this.#waiting.length) && size <= MOST_CHARACTERS) {
      size += this.#waiting[count++]!.size;
    }
    this.#waitingSize -= size;
    return this.#waiting.splice(0, count);
  }

  #ask(task: JournalTask): Promise<unknown> {
    this.#worker ??= this.#start();
    return new Promise((resolve, reject) => {
      this.#answering.push({ resolve, reject });
      this.#worker?.postMessage(task);
    });
  }

  #start(): Worker {
    const worker = new Worker(createRequire(import.meta.url).resolve('#journal-thread'), { workerData: this.#options });
    worker.on('message', (answer: JournalAnswer) => {
      const { resolve, reject } = this.#answering.shift() as Answering;
      if ('error' in answer) reject(SyscallError.fromRpc(answer.error));
      else resolve(answer.result);
    });
    worker.on('error', (error) => {
      // The next task starts another one.
      this.#worker = undefined;
      for (const { reject } of this.#answering.splice(0)) reject(error);
    });
    return worker;
  }
}

function rowOf(entry: JournalEntry): JournalRow {
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
