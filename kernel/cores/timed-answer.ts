import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { CoreChunk, CoreRun } from './core.js';

/** An answer that is known from the start and given out as if it were being written. */
export interface TimedAnswer {
  /** 0 or more. */
  readonly tokens: number;
  /** Milliseconds to the first token. */
  readonly firstTokenMs: number;
  /** Milliseconds from one token to the next, and from the last one to the end. */
  readonly tokenMs: number;
  /** Milliseconds over which tokens are gathered after the first one; 0 = the rest comes at the end. */
  readonly chunkMs: number;
  /** Tokens `from` to `to`; neighbouring ranges join. */
  readonly textOf: (from: number, to: number) => string;
  /** The piece of a tool call that they are; undefined: none. @default none */
  readonly toolCallOf?: (from: number, to: number) => ToolCallDelta | undefined;
}

/** Far below a token's time, far above the rounding of a clock that counts from the epoch. */
const EPSILON_MS = 1e-3;

/**
 * Gives out the answer on the clock, with one timer at a time, and settles firstTokenMs + tokens x tokenMs from now.
 * When that is no time at all, no timer is set. An abort hands over what was written by then, and rejects with its reason.
 */
export async function playAnswer(answer: TimedAnswer, { signal, onChunk }: CoreRun, clock: Clock): Promise<void> {
  const { tokens, firstTokenMs, tokenMs, chunkMs } = answer;
  const lengthMs = firstTokenMs + tokens * tokenMs;
  const start: Millis = clock.now();
  let sent = 0;

  const send = (upTo: number) => {
    if (upTo <= sent) return;
    onChunk(chunkOf(answer, sent, upTo));
    sent = upTo;
  };
  /** When there is something to do again, from the start. */
  const nextLook = (elapsed: number) => {
    if (sent === 0 && tokens > 0) return firstTokenMs;
    if (chunkMs === 0 || sent === tokens) return lengthMs;
    return Math.min(lengthMs, Math.max(elapsed + chunkMs, firstTokenMs + sent * tokenMs));
  };

  for (let elapsed = 0; elapsed < lengthMs - EPSILON_MS; elapsed = clock.now() - start) {
    signal.throwIfAborted();
    send(writtenBy(answer, elapsed));
    await pause(clock, nextLook(elapsed) - elapsed, signal);
    if (signal.aborted) send(writtenBy(answer, clock.now() - start));
  }
  signal.throwIfAborted();
  send(tokens);
}

/** Tokens `from` to `to` as they are given out. */
export function chunkOf(answer: Pick<TimedAnswer, 'textOf' | 'toolCallOf'>, from: number, to: number): CoreChunk {
  const chunk = { text: answer.textOf(from, to), tokens: to - from };
  const toolCall = answer.toolCallOf?.(from, to);
  return toolCall === undefined ? chunk : { ...chunk, toolCall };
}

/** Tokens that are written after this many milliseconds. */
function writtenBy({ tokens, firstTokenMs, tokenMs }: TimedAnswer, elapsed: number): number {
  const sinceFirst = elapsed - firstTokenMs + EPSILON_MS;
  if (sinceFirst < 0) return 0;
  return tokenMs === 0 ? tokens : Math.min(tokens, 1 + Math.floor(sinceFirst / tokenMs));
}

/** Resolves after the time or at the abort, whichever comes first, and leaves neither timer nor listener. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancelTimer();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancelTimer = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });
}
