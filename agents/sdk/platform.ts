import { onAbort } from '../../syscalls/on-abort.js';

/** Time and random numbers, where user space takes them from; tests give their own. */
export interface Platform {
  /** Numbers from 0 up to 1. */
  random(): number;
  /** Runs `run` once, `delay` milliseconds from now, and returns its cancel. */
  after(delay: number, run: () => void): () => void;
}

/** Longest delay that a timer takes: a longer one would run at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const realPlatform: Platform = {
  random: () => Math.random(),
  after(delay, run) {
    const timer = setTimeout(run, Math.min(delay, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** How a lost connection is tried again: before try n a pause of random length below `baseMs` x 2^n, at most `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Tries before the client gives up. */
  readonly attempts: number;
}

/** Settles after `delay` milliseconds. @throws the signal's reason when it is aborted before */
export function pause(platform: Platform, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stopListening = onAbort(signal, () => {
      cancel();
      reject(signal.reason);
    });
    const cancel = platform.after(delay, () => {
      stopListening();
      resolve();
    });
  });
}
