import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Bill, CoreChunk } from '../cores/core.js';
import type { Bus } from './bus.js';
import type { JobId, JobRequest } from './job.js';
import { TO_SEAT, type ToSeat } from './messages.js';
import type { TextLog } from './text-log.js';

interface AnswerReportDeps {
  readonly bus: Bus;
  readonly texts: TextLog;
  readonly clock: Clock;
}

/** How often the seat learns how long a running answer is. */
const PROGRESS_MS: Millis = 1000;

/** What is read of one answer: its text goes to the doors, how much it is to the seat. */
export class AnswerReport {
  readonly #job: JobId;
  readonly #core: CoreId;
  readonly #streams: boolean;
  readonly #deps: AnswerReportDeps;
  #writer: ReturnType<TextLog['writer']> | undefined;
  #text = '';
  #tokens = 0;
  #bill: Bill | undefined;
  #reportedAt: Millis = Number.NEGATIVE_INFINITY;
  #hasFirst = false;

  constructor(job: JobId, core: CoreId, streams: boolean, deps: AnswerReportDeps) {
    this.#job = job;
    this.#core = core;
    this.#streams = streams;
    this.#deps = deps;
  }

  begin({ id, attempt, prefix }: JobRequest): void {
    if (this.#streams) this.#writer = this.#deps.texts.writer(id, attempt, prefix.length);
  }

  read({ text, tokens, toolCall }: CoreChunk): void {
    this.#text += text;
    this.#tokens += tokens;
    this.#writer?.push(text, toolCall);
    this.#reportToSeat(toolCall);
  }

  billed(bill: Bill): void {
    this.#bill = bill;
  }

  end() {
    this.#writer?.end();
    return { text: this.#text, tokens: this.#tokens, ...(this.#bill === undefined ? {} : { bill: this.#bill }) };
  }

  /** The first text, that it calls a tool, and once a second how long it is. */
  #reportToSeat(toolCall: CoreChunk['toolCall']): void {
    const { bus, clock } = this.#deps;
    const now = clock.now();
    const isFirst = !this.#hasFirst && this.#text !== '';
    if (!isFirst && toolCall === undefined && now - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = now;
    this.#hasFirst ||= isFirst;
    bus.send<ToSeat>(TO_SEAT, {
      type: 'progress',
      job: this.#job,
      core: this.#core,
      tokens: this.#tokens,
      ...(isFirst ? { text: this.#text } : {}),
      ...(this.#bill === undefined ? {} : { bill: this.#bill }),
      ...(toolCall === undefined ? {} : { toolCall }),
    });
  }
}
