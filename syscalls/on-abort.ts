/** What waits for one signal. */
interface Waiting {
  /** In the order in which they came. */
  readonly runs: Set<() => void>;
  /** The only one that the signal has from here. */
  readonly listener: () => void;
}

const bySignal = new WeakMap<AbortSignal, Waiting>();

/**
 * Runs `run` once, when a signal is aborted that is not aborted yet. However many calls share a signal, it gets one listener: Node
 * takes more than ten for a leak.
 *
 * @returns its cancel
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const waiting = bySignal.get(signal) ?? listenTo(signal);
  // A set holds a function once, however often it is added.
  const own = () => run();
  waiting.runs.add(own);
  return () => {
    if (!waiting.runs.delete(own) || waiting.runs.size > 0) return;
    signal.removeEventListener('abort', waiting.listener);
    if (bySignal.get(signal) === waiting) bySignal.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const runs = new Set<() => void>();
  const listener = () => {
    for (const run of [...runs]) run();
  };
  const waiting = { runs, listener };
  bySignal.set(signal, waiting);
  signal.addEventListener('abort', listener, { once: true });
  return waiting;
}
