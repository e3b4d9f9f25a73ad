import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import { WholeSink } from '../whole-sink.js';
import type { TextEntry, TextLog } from './text-log.js';

/** An `llm.chat` as its door sees it: its text comes from the log of the call, its reply from the seat. */
export class FollowedCall {
  readonly #texts: TextLog;
  readonly #sink: WholeSink | undefined;
  readonly #streams: boolean;
  readonly #from: ChatParams['from'];
  #id: SyscallId | undefined;
  /** Of the attempt that is read. */
  #attempt = 0;
  #text = '';
  /** The last entry of it. */
  #base = 0;
  #n = -1;
  /** UTF-16 units of its text that the reader has, of the attempt that it has them of. */
  #sent: { attempt: number; offset: number };
  #isReading = false;
  #isCut = false;
  #isOver = false;

  /** @param params not checked */
  constructor(texts: TextLog, params: unknown, sink: CallSink | undefined) {
    const { stream, from } = (params ?? {}) as Partial<ChatParams>;
    this.#texts = texts;
    this.#sink = sink && new WholeSink(sink);
    this.#streams = stream === true && sink !== undefined;
    this.#from = from;
    this.#sent = { attempt: from?.attempt ?? 0, offset: from?.offset ?? 0 };
  }

  /** The answer so far. */
  get text(): string {
    return this.#text;
  }

  /** Again after a change of the seat; the reader hears it once. */
  accepted(id: SyscallId): void {
    if (this.#isOver || id === this.#id) return;
    if (this.#id !== undefined) this.#texts.leave(this.#id, this.#take);
    this.#id = id;
    this.#sink?.accepted(id, this);
    if (this.#streams) void this.#follow(id);
  }

  started(core: CoreId, reason: string): void {
    if (!this.#isOver) this.#sink?.started(core, reason);
  }

  /** It is answered: what was not sent of its text goes out now. */
  end(reply: ChatReply): void {
    if (this.#isOver) return;
    if (this.#streams) {
      if (reply.attempts !== this.#attempt) this.#begin(reply.attempts);
      this.#text = reply.text;
      this.#emit();
      this.#sink?.end();
    }
    this.close();
  }

  /** Nothing comes any more. Idempotent. */
  close(): void {
    this.#isOver = true;
    if (this.#id !== undefined) this.#texts.leave(this.#id, this.#take);
  }

  async #follow(id: SyscallId): Promise<void> {
    try {
      await this.#texts.follow(id, this.#take);
    } catch {
      // What is not read comes with the reply.
    }
  }

  readonly #take = (entry: TextEntry): void => {
    if (this.#isOver || this.#isCut || !this.#isNew(entry)) return;
    const { attempt, base, n, offset, text, toolCalls = [] } = entry;
    const isNextRequest = attempt > this.#attempt || base > this.#base;
    const isNext = isNextRequest ? n === 0 : n === this.#n + 1;
    if (!isNext) {
      void this.#reread();
      return;
    }
    if (attempt > this.#attempt) this.#begin(attempt);
    // What a preempted request has written, and nobody has read here.
    if (offset > this.#text.length) return;
    this.#base = base;
    this.#n = n;
    this.#text = this.#text.slice(0, offset) + text;
    this.#emit();
    // Who comes back for an answer gets the tool calls of its reply.
    if (this.#from?.attempt === attempt) return;
    for (const piece of toolCalls) this.#sink?.toolCall(piece, { attempt, offset: this.#text.length });
  };

  #isNew({ attempt, base, n }: TextEntry): boolean {
    if (attempt !== this.#attempt) return attempt > this.#attempt;
    return base === this.#base ? n > this.#n : base > this.#base;
  }

  /** Entries were lost: the log has them. */
  async #reread(): Promise<void> {
    if (this.#isReading || this.#id === undefined) return;
    this.#isReading = true;
    const entries = await this.#texts.read(this.#id).catch(() => []);
    for (const entry of entries) this.#take(entry);
    this.#isReading = false;
    const last = entries.at(-1);
    // The log does not reach back so far: the reply has the text.
    this.#isCut = last === undefined || this.#isNew(last);
  }

  #begin(attempt: number): void {
    if (this.#attempt > 0 && this.#sent.attempt === this.#attempt && this.#sent.offset > 0) this.#sink?.restart();
    this.#attempt = attempt;
    this.#text = '';
    this.#base = 0;
    this.#n = -1;
    if (this.#sent.attempt !== attempt) this.#sent = { attempt, offset: 0 };
  }

  #emit(): void {
    const { attempt, offset } = this.#sent;
    if (this.#text.length <= offset) return;
    this.#sent = { attempt, offset: this.#text.length };
    this.#sink?.text(this.#text.slice(offset), { attempt, offset });
  }
}
