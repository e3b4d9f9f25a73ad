import type { Millis } from '../../syscalls/syscall.js';
import type { JournalFigures } from '../../syscalls/watch.js';
import { NotWritten } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { Recent } from '../metrics.js';
import type { JournalRow } from './journal-file.js';

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

interface GroupCommitDeps {
  /** Writes all rows, or none. @returns bytes of its file, if it has one */
  readonly commit: (rows: readonly JournalRow[]) => Promise<number | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Writes facts in groups: all that come while one commit is under way go into the next one, so that a store that takes 4 ms to be
 * sure serves thousands of calls a second.
 *
 * A call that cannot be written is refused, and while nothing can be written no call is sent to the store. What is known of a call
 * that was taken in is tried again until it is written.
 */
export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  #waiting: Waiting[] = [];
  #waitingSize = 0;
  /** Settles when nothing waits any more; undefined: nothing does. */
  #writing: Promise<void> | undefined;
  readonly #counts = { written: 0, refused: 0, commits: 0 };
  readonly #commitMs = new Recent();
  #totalMs: Millis = 0;
  #bytes: number | undefined;
  #isClosing = false;
  #isFailing = false;

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
  }

  append(row: JournalRow): Promise<void> {
    if (this.#isClosing) return Promise.reject(new TypeError('The journal is closed'));
    if (row.type === 'accepted') {
      const isFailing = this.#isFailing && this.#writing !== undefined;
      if (isFailing || this.#waitingSize > LAGGING) {
        this.#counts.refused++;
        return Promise.reject(new NotWritten(`The journal ${isFailing ? 'cannot be written' : 'does not keep up'}`));
      }
    }
    return new Promise((resolve, reject) => {
      const size = 'body' in row ? row.body.length : 0;
      this.#waitingSize += size;
      this.#waiting.push({ row, size, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  get figures(): JournalFigures {
    const commitMs = { total: this.#totalMs, ...this.#commitMs.percentiles() };
    const waiting = this.#waiting.length;
    return { ...this.#counts, waiting, commitMs, ...(this.#bytes === undefined ? {} : { bytes: this.#bytes }) };
  }

  /** Writes what waits, once more where it cannot be written. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#writing;
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
      const { clock, commit } = this.#deps;
      const startedAt = clock.now();
      this.#bytes = await commit(batch.map(({ row }) => row));
      this.#committed(batch.length, clock.now() - startedAt);
      if (this.#isFailing) this.#deps.log.info('the journal is written again');
      this.#isFailing = false;
      for (const { resolve } of batch) resolve();
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#deps.log.error({ err: error }, 'the journal cannot be written');
      this.#isFailing = true;
      const all = batch.length + this.#waiting.length;
      const late = withoutCalls(this.#waiting, new NotWritten('The journal cannot be written'));
      // Those of the batch may be there: an answer can be lost on its way back.
      this.#waiting = [...withoutCalls(batch, error), ...late];
      this.#counts.refused += all - this.#waiting.length;
      this.#waitingSize = this.#waiting.reduce((sum, { size }) => sum + size, 0);
      return false;
    }
  }

  #committed(rows: number, ms: Millis): void {
    this.#counts.commits++;
    this.#counts.written += rows;
    this.#commitMs.add(ms);
    this.#totalMs += ms;
  }

  #pause(ms: Millis): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.after(ms, resolve));
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
}

/** What must be written still; new calls are refused. */
function withoutCalls(rows: readonly Waiting[], error: unknown): Waiting[] {
  return rows.filter(({ row, reject }) => {
    if (row.type !== 'accepted') return true;
    reject(error);
    return false;
  });
}
