import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { JournalFigures } from '../../syscalls/watch.js';
import type { Found, Journal, JournalEntry, Restored, Wanted } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { GroupCommit } from './group-commit.js';
import type { FileOptions, JournalRow } from './journal-file.js';
import type { JournalAnswer, JournalTask } from './journal-thread.js';
import { rowOf } from './row-of.js';

interface Answering {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Finding extends Answering {
  readonly wanted: Wanted;
}

/** A journal in a SQLite file, written by a thread of its own. */
export class SqliteJournal implements Journal {
  readonly #options: FileOptions;
  readonly #group: GroupCommit;
  readonly #clock: Clock;
  readonly #log: Logger;
  #worker: Worker | undefined;
  readonly #answering: Answering[] = [];
  /** Calls that are looked for in this turn: one message asks for all. */
  #finding: Finding[] = [];
  #isOpen = false;
  #closed: Promise<void> | undefined;

  constructor(options: FileOptions, clock: Clock, log: Logger) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const commit = (rows: readonly JournalRow[]) => this.#ask({ type: 'commit', rows }) as Promise<number>;
    this.#group = new GroupCommit({ commit, clock, log });
  }

  async restore(now: Millis): Promise<Restored> {
    const restored = (await this.#ask({ type: 'restore', now })) as Restored;
    this.#isOpen = true;
    return restored;
  }

  append(entry: JournalEntry): Promise<void> {
    return this.#group.append(rowOf(entry));
  }

  find(wanted: Wanted): Promise<Found | undefined> {
    return new Promise((resolve, reject) => {
      this.#finding.push({ wanted, resolve: resolve as Answering['resolve'], reject });
      if (this.#finding.length === 1) this.#clock.after(0, () => void this.#find());
    });
  }

  figures(): JournalFigures {
    return this.#group.figures;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #find(): Promise<void> {
    const asked = this.#finding;
    this.#finding = [];
    try {
      const wanted = asked.map((one) => one.wanted);
      const answers = (await this.#ask({ type: 'find', wanted })) as readonly JournalAnswer[];
      for (const [i, answer] of answers.entries()) {
        if ('error' in answer) {
          this.#log.error({ err: answer.error, path: this.#options.path }, 'a call of the journal could not be read');
        }
        settle(asked[i] as Finding, answer);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #close(): Promise<void> {
    await this.#group.close();
    if (this.#isOpen) await this.#ask({ type: 'close' });
    await this.#worker?.terminate();
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
    worker.on('message', (answer: JournalAnswer) => settle(this.#answering.shift() as Answering, answer));
    worker.on('error', (error) => {
      // The next task starts another one.
      this.#worker = undefined;
      for (const { reject } of this.#answering.splice(0)) reject(error);
    });
    return worker;
  }
}

function settle({ resolve, reject }: Answering, answer: JournalAnswer): void {
  if ('error' in answer) reject(SyscallError.fromRpc(answer.error));
  else resolve(answer.result);
}
