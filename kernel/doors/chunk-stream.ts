import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { ChatChunk } from '../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { AnswerText, TextPlace } from '../call-sink.js';
import type { Clock } from '../clock.js';
import { endOfPiece, PIECE } from './pieces.js';

/** Who reads a stream. */
export interface ChunkReader {
  chunk(chunk: ChatChunk): void;
  /** The reader does not keep up: text is held back until `flush`. */
  isSlow(): boolean;
}

/**
 * One streamed answer on its way to the agent: the first piece at once, later ones gathered for some milliseconds, since each
 * message costs far more than a token. Holds back while the reader is slow: then it keeps offsets, since the call has the text.
 */
export class ChunkStream {
  readonly #syscallId: SyscallId;
  readonly #answer: AnswerText;
  readonly #reader: ChunkReader;
  readonly #clock: Clock;
  readonly #gatherMs: Millis;
  #seq = 0;
  #attempt = 1;
  /** UTF-16 units of the attempt's text that were sent, and that may be. */
  #sent = 0;
  #ready = 0;
  /** What lies between them; undefined where that is much for a slow reader, and the answer has it. */
  #text: string | undefined = '';
  /** They come after the text. */
  #toolCalls: ToolCallDelta[] = [];
  #restart = false;
  #cancelTimer: (() => void) | undefined;

  /** @param answer its text is that of all pieces, but for halves of characters */
  constructor(syscallId: SyscallId, answer: AnswerText, reader: ChunkReader, clock: Clock, gatherMs: Millis) {
    this.#syscallId = syscallId;
    this.#answer = answer;
    this.#reader = reader;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
  }

  /** Characters that wait for the reader. */
  get behind(): number {
    return this.#ready - this.#sent;
  }

  push(text: string, place: TextPlace): void {
    // Text after a tool call comes in a chunk of its own, so that the order stays; of a slow reader nobody knows it.
    if (this.#toolCalls.length > 0 && !this.#reader.isSlow()) this.#emit();
    if (!this.#holds) this.#begin(place);
    this.#ready = place.offset + text.length;
    if (this.#text !== undefined) this.#text += text;
    if (this.#cancelTimer === undefined) this.#send();
  }

  pushToolCall(piece: ToolCallDelta, place: TextPlace): void {
    if (!this.#holds) this.#begin(place);
    const last = this.#toolCalls.at(-1);
    if (last?.id !== piece.id) this.#toolCalls.push(piece);
    else this.#toolCalls.splice(-1, 1, { ...last, arguments: last.arguments + piece.arguments });
    if (this.#cancelTimer === undefined) this.#send();
  }

  /** The answer starts again: what was sent is void. */
  restart(): void {
    this.#forget();
    this.#restart = this.#seq > 0;
  }

  /** Sends what is held, as far as the reader takes it. */
  flush(): void {
    if (this.#holds && this.#cancelTimer === undefined) this.#send();
  }

  /** Sends what is held now, as far as the reader takes it. @returns whether that is all */
  drain(): boolean {
    this.#stopTimer();
    while (this.#holds && !this.#reader.isSlow()) this.#emit();
    return !this.#holds;
  }

  /** The call ends. Of a whole answer the rest goes out now, before the reply; of any other nothing comes any more. */
  end(isWhole: boolean): void {
    // A slow reader gets the rest with the reply, which holds the whole text anyway.
    if (isWhole) this.drain();
    this.#stopTimer();
    this.#forget();
  }

  get #holds(): boolean {
    return this.#ready > this.#sent || this.#toolCalls.length > 0;
  }

  #begin({ attempt, offset }: TextPlace): void {
    this.#attempt = attempt;
    this.#sent = offset;
    this.#ready = offset;
    this.#text = '';
  }

  #forget(): void {
    this.#ready = this.#sent;
    this.#text = '';
    this.#toolCalls = [];
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #send(): void {
    if (this.#reader.isSlow()) {
      this.#leave();
      return;
    }
    this.#emit();
    // What was more than one chunk is not to be gathered.
    while (this.#ready > this.#sent && !this.#reader.isSlow()) this.#emit();
    this.#leave();
    this.#cancelTimer = this.#clock.after(this.#gatherMs, () => {
      this.#cancelTimer = undefined;
      this.flush();
    });
  }

  /** What waits for a slow reader is held once: by the answer, from which it is read when its turn comes. */
  #leave(): void {
    if (this.behind > PIECE) this.#text = undefined;
  }

  #emit(): void {
    const offset = this.#sent;
    const text = this.#nextText();
    const isAll = this.#sent === this.#ready;
    const chunk: ChatChunk = {
      syscallId: this.#syscallId,
      seq: this.#seq++,
      attempt: this.#attempt,
      offset,
      text,
      ...(this.#toolCalls.length === 0 || !isAll ? {} : { toolCalls: this.#toolCalls }),
      ...(this.#restart ? { restart: true } : {}),
    };
    if (isAll) this.#forget();
    this.#restart = false;
    this.#reader.chunk(chunk);
  }

  /** Takes the text of the next chunk. */
  #nextText(): string {
    const start = this.#sent;
    if (this.#text === undefined) {
      const { text } = this.#answer;
      this.#sent = endOfPiece(text, start, this.#ready);
      return text.slice(start, this.#sent).toWellFormed();
    }
    const text = this.#text;
    const end = endOfPiece(text, 0);
    this.#text = text.slice(end);
    this.#sent = start + end;
    return end === text.length ? text : text.slice(0, end);
  }
}
