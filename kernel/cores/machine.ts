import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { CoreRun } from './core.js';
import type { MachineSpeed } from './machine-curve.js';
import { chunkOf, type TimedAnswer } from './timed-answer.js';

/** An answer that a machine reads the input of and writes. */
export interface MachineAnswer extends Pick<TimedAnswer, 'tokens' | 'chunkMs' | 'textOf' | 'toolCallOf'> {
  /** Tokens to read before the first one is written. */
  readonly readTokens: number;
}

interface Writing extends MachineAnswer {
  readonly run: CoreRun;
  /** It has a place no longer, and an abort means nothing to it. */
  readonly leave: () => void;
  readonly resolve: () => void;
  /** The machine's step at which its first token is written; it ends `tokens` steps later. */
  from: number;
  sent: number;
  sentAt: Millis;
}

/** Far below a token's time, far above the rounding of a clock that counts from the epoch. */
const EPSILON_MS = 1e-3;
/** The same in tokens. */
const EPSILON = 1e-6;

/**
 * One machine that several calls share, as servers of language models batch them. It writes one token of every call a step;
 * a step takes what the curve says of the calls that run then, and changes as they come and go. Inputs come first: what has
 * arrived is read at once, as one prefill, and no token is written meanwhile.
 *
 * Times are exact however late the clock's timers are: what happens is worked out in order, up to now.
 */
export class Machine {
  readonly #speed: MachineSpeed;
  readonly #clock: Clock;
  readonly #arrived = new Set<Writing>();
  #reading: { readonly answers: Set<Writing>; readonly until: Millis } | undefined;
  readonly #writing = new Set<Writing>();
  /** Steps that were made while anything was written, up to `#at`. */
  #steps = 0;
  #stepMs: Millis = 0;
  #at: Millis = 0;
  #cancelTimer = () => {};

  constructor(speed: MachineSpeed, clock: Clock) {
    this.#speed = speed;
    this.#clock = clock;
  }

  /** Gives out the answer as it is written, and settles at its end. An abort hands over what was written by then, and rejects with its reason. */
  async write(answer: MachineAnswer, run: CoreRun): Promise<void> {
    run.signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#advance();
        if (this.#writing.has(writing)) this.#send(writing, this.#writtenOf(writing));
        leave();
        this.#setTimer();
        reject(run.signal.reason);
      };
      const leave = () => {
        run.signal.removeEventListener('abort', abort);
        for (const place of [this.#arrived, this.#reading?.answers, this.#writing]) place?.delete(writing);
        this.#changed();
      };
      const writing: Writing = { ...answer, run, leave, resolve, from: 0, sent: 0, sentAt: 0 };
      this.#advance();
      run.signal.addEventListener('abort', abort);
      this.#arrived.add(writing);
      this.#setTimer();
    });
  }

  /** All that has happened up to now. */
  #advance(): void {
    const now = this.#clock.now();
    for (let at = this.#nextEvent(); at <= now + EPSILON_MS; at = this.#nextEvent()) {
      this.#moveTo(Math.max(at, this.#at));
      if (this.#reading === undefined) this.#endWritten();
      else this.#endReading(this.#reading.answers);
    }
    this.#moveTo(Math.max(now, this.#at));
  }

  /** When a prefill or an answer ends next. */
  #nextEvent(): Millis {
    if (this.#reading !== undefined) return this.#reading.until;
    let left = Number.POSITIVE_INFINITY;
    for (const { from, tokens } of this.#writing) left = Math.min(left, from + tokens - this.#steps);
    return this.#writing.size === 0 ? left : this.#at + Math.max(0, left) * this.#stepMs;
  }

  #moveTo(at: Millis): void {
    if (this.#reading === undefined && this.#writing.size > 0) this.#steps += (at - this.#at) / this.#stepMs;
    this.#at = at;
  }

  #read(): void {
    const answers = new Set(this.#arrived);
    this.#arrived.clear();
    let tokens = 0;
    for (const { readTokens } of answers) tokens += readTokens;
    this.#reading = { answers, until: this.#at + this.#speed.prefillMs(tokens) };
  }

  #endReading(answers: ReadonlySet<Writing>): void {
    this.#reading = undefined;
    for (const answer of answers) {
      answer.from = this.#steps;
      this.#writing.add(answer);
    }
    this.#changed();
    this.#endWritten();
    if (this.#arrived.size > 0) this.#read();
  }

  #endWritten(): void {
    for (const answer of [...this.#writing]) {
      if (answer.from + answer.tokens > this.#steps + EPSILON) continue;
      answer.leave();
      this.#send(answer, answer.tokens);
      answer.resolve();
    }
  }

  /** Other calls run than before. */
  #changed(): void {
    const running = this.#writing.size;
    if (running === 0) {
      this.#steps = 0;
      return;
    }
    let context = 0;
    // What it has read and, in the mean over its time, written.
    for (const { readTokens, tokens } of this.#writing) context += readTokens + tokens / 2;
    this.#stepMs = this.#speed.tpotMs(running, context / running);
  }

  #setTimer(): void {
    this.#cancelTimer();
    const now = this.#clock.now();
    // All that arrives at one moment is read together.
    const starts = this.#reading === undefined && this.#arrived.size > 0 ? now : Number.POSITIVE_INFINITY;
    const next = Math.min(starts, this.#nextEvent(), this.#nextChunk());
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(next - now, () => {
      this.#advance();
      if (this.#reading === undefined && this.#arrived.size > 0) this.#read();
      for (const answer of this.#writing) if (this.#isDue(answer)) this.#send(answer, this.#writtenOf(answer));
      this.#setTimer();
    });
  }

  /** When there is text to be given out. */
  #nextChunk(): Millis {
    let next = Number.POSITIVE_INFINITY;
    for (const answer of this.#writing) next = Math.min(next, this.#dueAt(answer));
    return next;
  }

  #dueAt(answer: Writing): Millis {
    const { from, sent, tokens, sentAt, chunkMs } = answer;
    if (sent === 0 && tokens > 0) return this.#at;
    if (chunkMs === 0 || sent === tokens) return Number.POSITIVE_INFINITY;
    const isThere = this.#writtenOf(answer) > sent;
    if (!isThere && this.#reading !== undefined) return Number.POSITIVE_INFINITY;
    const written = isThere ? this.#at : this.#at + (from + sent - this.#steps) * this.#stepMs;
    return Math.max(sentAt + chunkMs, written);
  }

  #isDue(answer: Writing): boolean {
    return this.#dueAt(answer) <= this.#at + EPSILON_MS;
  }

  #writtenOf({ from, tokens }: Writing): number {
    return Math.min(tokens, 1 + Math.floor(this.#steps - from + EPSILON));
  }

  #send(answer: Writing, upTo: number): void {
    const { run, sent } = answer;
    if (upTo <= sent) return;
    answer.sent = upTo;
    answer.sentAt = this.#at;
    run.onChunk(chunkOf(answer, sent, upTo));
  }
}
