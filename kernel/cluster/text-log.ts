import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Bus } from './bus.js';
import type { Store } from './redis-store.js';

/** Pieces of an answer that were read together: first the text, then the pieces of tool calls. */
export interface TextEntry {
  readonly attempt: number;
  /** Where the text of its request begins in that of the attempt; and its number among those of the request, from 0. */
  readonly base: number;
  readonly n: number;
  /** Of the text in that of the attempt. */
  readonly offset: number;
  readonly text: string;
  readonly toolCalls?: readonly ToolCallDelta[];
}

/** Text is gathered for so long, after the first piece. */
const GATHER_MS: Millis = 30;
/** Entries that are kept of one call; who comes later than that gets the text with the reply. */
const MOST = 10_000;
/** How long the log of an open call is kept, and that of one that has ended. */
const OPEN_S = 3600;
const ENDED_S = 60;

interface TextLogDeps {
  readonly redis: Store;
  readonly bus: Bus;
  readonly prefix: string;
  readonly clock: Clock;
}

/** Text of open calls, from the worker straight to the doors that follow them: a log for those who come later, a message for those who wait. */
export class TextLog {
  readonly #deps: TextLogDeps;

  constructor(deps: TextLogDeps) {
    this.#deps = deps;
  }

  writer(id: SyscallId, attempt: number, base: number): TextWriter {
    return new TextWriter(id, this.#deps, attempt, base);
  }

  /** Takes all that is kept of a call and what comes later, in any order, and some of it twice. Settles when the log was read. */
  async follow(id: SyscallId, take: (entry: TextEntry) => void): Promise<void> {
    await this.#deps.bus.listen(`tok:${id}`, take);
    for (const entry of await this.read(id)) take(entry);
  }

  async read(id: SyscallId): Promise<TextEntry[]> {
    const { redis, prefix } = this.#deps;
    const entries = await redis.xrange(`${prefix}tok:${id}`, '-', '+');
    return entries.map(([, [, json]]) => JSON.parse(json as string) as TextEntry);
  }

  leave(id: SyscallId, take: (entry: TextEntry) => void): void {
    this.#deps.bus.leave(`tok:${id}`, take);
  }
}

/** Writes the text of one request. */
export class TextWriter {
  readonly #id: SyscallId;
  readonly #deps: TextLogDeps;
  readonly #attempt: number;
  readonly #base: number;
  #offset: number;
  #n = 0;
  #text = '';
  #toolCalls: ToolCallDelta[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(id: SyscallId, deps: TextLogDeps, attempt: number, base: number) {
    this.#id = id;
    this.#deps = deps;
    this.#attempt = attempt;
    this.#base = base;
    this.#offset = base;
  }

  push(text: string, toolCall: ToolCallDelta | undefined): void {
    if (text === '' && toolCall === undefined) return;
    // Text after a tool call comes in an entry of its own, so that the order stays.
    if (text !== '' && this.#toolCalls.length > 0) this.#write();
    this.#text += text;
    if (toolCall !== undefined) this.#toolCalls.push(toolCall);
    if (this.#cancelTimer === undefined) this.#send();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#cancelTimer?.();
    this.#write();
    const { redis, prefix } = this.#deps;
    if (this.#n > 0) redis.expire(`${prefix}tok:${this.#id}`, ENDED_S).catch(() => {});
  }

  #send(): void {
    this.#write();
    this.#cancelTimer = this.#deps.clock.after(GATHER_MS, () => {
      this.#cancelTimer = undefined;
      if (this.#text !== '' || this.#toolCalls.length > 0) this.#send();
    });
  }

  #write(): void {
    if (this.#text === '' && this.#toolCalls.length === 0) return;
    const { redis, bus, prefix } = this.#deps;
    const entry: TextEntry = {
      attempt: this.#attempt,
      base: this.#base,
      n: this.#n++,
      offset: this.#offset,
      text: this.#text,
      ...(this.#toolCalls.length === 0 ? {} : { toolCalls: this.#toolCalls }),
    };
    this.#offset += this.#text.length;
    this.#text = '';
    this.#toolCalls = [];
    const key = `${prefix}tok:${this.#id}`;
    // What cannot be written comes with the reply.
    redis.xadd(key, 'MAXLEN', '~', MOST, '*', 't', JSON.stringify(entry)).catch(() => {});
    if (entry.n === 0) redis.expire(key, OPEN_S).catch(() => {});
    bus.send(`tok:${this.#id}`, entry);
  }
}
