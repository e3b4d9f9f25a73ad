import { SingleBar } from 'cli-progress';

const STEPS = 1000;
/** Milliseconds between lines where nobody watches a terminal. */
const PLAIN_SCHEDULE = 10_000;

/** A bar on stderr for work that is reported as shares of a whole. */
export class Progress {
  readonly #bar = new SingleBar({
    format: '{stage} {bar} {percentage} % | {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_SCHEDULE,
  });
  #share = 0;

  start(stage: string): void {
    this.#share = 0;
    this.#bar.start(STEPS, 0, { stage });
  }

  /** So much more of the stage is done. */
  readonly grow = (share: number): void => {
    this.#share += share;
    this.#bar.update(Math.min(STEPS, Math.round(STEPS * this.#share)));
  };

  /** Idempotent. */
  stop(): void {
    this.#bar.stop();
  }
}
