/** Chance and time, where user space takes them from; tests give their own. */
export interface Ambient {
  /** Numbers from 0 up to 1. */
  random(): number;
  /** Runs `run` once, `delay` milliseconds from now, and returns its cancel. */
  after(delay: number, run: () => void): () => void;
}

export const realAmbient: Ambient = {
  random: () => Math.random(),
  after(delay, run) {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};

/** Settles after `delay` milliseconds. @throws the signal's reason when it is aborted before */
export function pause(ambient: Ambient, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = ambient.after(delay, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
