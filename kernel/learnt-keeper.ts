import type { Millis } from '../syscalls/syscall.js';
import type { Journal } from './call/journal.js';
import type { Clock } from './clock.js';
import type { KernelEvents } from './events.js';
import type { Logger } from './log.js';
import type { PolicyGuard } from './policy-guard.js';

/** A takeover costs what was learnt in so long. */
const KEEP_MS: Millis = 10_000;

interface LearntKeeperDeps {
  readonly journal: Journal;
  readonly policy: PolicyGuard;
  readonly clock: Clock;
  readonly events: KernelEvents;
  readonly log: Logger;
}

/** Has the journal keep what the policy learns, where it can: the next kernel goes on from there. */
export class LearntKeeper {
  readonly #deps: LearntKeeperDeps;
  /** Keeps the next write from taking place; undefined: nothing is new. */
  #cancelWrite: (() => void) | undefined;
  #hasFailed = false;

  constructor(deps: LearntKeeperDeps) {
    this.#deps = deps;
  }

  /** Hands the policy what an earlier one has learnt, and begins to keep what it learns. Once, before anything is scheduled. */
  async begin(): Promise<void> {
    const { journal, policy, events, log } = this.#deps;
    if (!policy.isPortable || journal.keepLearnt === undefined) return;
    const known = await journal.learnt?.(policy.name).catch((error) => {
      log.warn({ err: error, policy: policy.name }, 'the policy begins anew: what was learnt could not be read');
    });
    if (known && policy.restore(known)) {
      log.info({ policy: policy.name, bytes: known.length }, 'the policy goes on from what an earlier one has learnt');
    }
    events.on('final', this.#soon);
    events.on('feedback', this.#soon);
  }

  /** Writes what is new. Nothing is kept after it. */
  async end(): Promise<void> {
    this.#deps.events.off('final', this.#soon);
    this.#deps.events.off('feedback', this.#soon);
    if (this.#cancelWrite === undefined) return;
    this.#cancelWrite();
    await this.#write();
  }

  /** A timer only where something is new: an idle kernel does nothing. */
  readonly #soon = (): void => {
    this.#cancelWrite ??= this.#deps.clock.after(KEEP_MS, () => void this.#write());
  };

  /** Never rejects: what is lost is learnt again. */
  async #write(): Promise<void> {
    const { journal, policy, log } = this.#deps;
    this.#cancelWrite = undefined;
    const snapshot = policy.snapshot();
    if (snapshot === undefined) return;
    try {
      await journal.keepLearnt?.(policy.name, snapshot);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) log.warn({ err: error }, 'what the policy has learnt could not be kept');
      this.#hasFailed = true;
    }
  }
}
