import { stopwatch } from '../../kernel/clock.js';
import type { Logger } from '../../kernel/log.js';

/** npm and npx hand a signal on that the terminal has sent to the whole group already: both are one. */
const SAME_SIGNAL_MS = 100;

/** Settles at the first SIGTERM or SIGINT. A second one ends the process at once, with 1. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt !== undefined && stopwatch() - firstAt > SAME_SIGNAL_MS) process.exit(1);
      firstAt ??= stopwatch();
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** After an exception that nobody caught the state of the kernel is unknown: say so, and end. */
export function exitOnUncaught(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
}
