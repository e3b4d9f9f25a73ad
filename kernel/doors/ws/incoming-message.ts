import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Part, Unfinished } from '../unfinished.js';

/** Most bytes of a message of who has not said hello. */
const MOST_BEFORE_HELLO = 2 ** 16;
/** Of a control frame beside its payload: the header and the mask. */
const CONTROL_HEAD = 6;

interface IncomingDeps {
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  readonly unfinished: Unfinished;
  readonly isKnown: () => boolean;
  /** The message is too large for now, or takes too long. */
  readonly onRefused: () => void;
}

/**
 * The message that one connection is sending, before it is whole: bounded in bytes and in time. The socket says only how many bytes
 * came, so what follows the end of a message within the same read, 64 KiB at most, is not counted.
 */
export class IncomingMessage implements Part {
  bytes = 0;
  readonly #deps: IncomingDeps;
  #isWhole = false;
  #control = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(deps: IncomingDeps) {
    this.#deps = deps;
  }

  /** A message is whole. */
  whole(): void {
    this.#isWhole = true;
  }

  /** A ping or pong came, which is no part of a message. */
  control(payload: number): void {
    this.#control += payload + CONTROL_HEAD;
  }

  /** So many bytes were read, after what they have made whole was handed on. */
  read(bytes: number): void {
    const more = bytes - this.#control;
    this.#control = 0;
    if (this.#isWhole || this.bytes + more <= 0) {
      this.#isWhole = false;
      this.end();
      return;
    }
    const { clock, limits, unfinished, isKnown, onRefused } = this.#deps;
    this.#cancelTimer ??= clock.after(limits().requestTimeoutMs, onRefused);
    unfinished.grow(this, more);
    if (this.bytes > MOST_BEFORE_HELLO && !isKnown()) onRefused();
  }

  cut(): void {
    this.#deps.onRefused();
  }

  /** Nothing is unfinished. Idempotent. */
  end(): void {
    if (this.#cancelTimer === undefined) return;
    this.#cancelTimer();
    this.#cancelTimer = undefined;
    this.#deps.unfinished.end(this);
  }
}
