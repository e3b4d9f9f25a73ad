import type { FinishedCall } from '../schedulers/policy.js';
import { RATERS, type Rater } from '../syscalls/control.js';
import { SyscallError } from '../syscalls/errors.js';
import type { Millis, SyscallId } from '../syscalls/syscall.js';
import type { Params } from '../syscalls/table.js';
import { answerOf } from './call/answer-of.js';
import type { FinishedCalls } from './call/finished-calls.js';
import type { Journal } from './call/journal.js';
import { ratersOf } from './call/raters.js';
import type { Clock } from './clock.js';
import type { KernelEvents } from './events.js';
import type { PolicyGuard } from './policy-guard.js';
import type { Principal } from './process/principal.js';
import type { Process } from './process/process-table.js';
import type { RatingLimit } from './rating-limit.js';

/** A crash costs what was learnt in so long. */
const SAVE_MS: Millis = 60_000;

interface RatingsDeps {
  readonly clock: Clock;
  readonly finished: FinishedCalls;
  readonly limit: RatingLimit;
  readonly journal: Journal;
  readonly policy: PolicyGuard;
  readonly events: KernelEvents;
}

/** Takes ratings of answers, and has the policy learn from them. */
export class Ratings {
  readonly #deps: RatingsDeps;
  /** Keeps the next save of what the policy has learnt from taking place. */
  #cancelSave: (() => void) | undefined;

  constructor(deps: RatingsDeps) {
    this.#deps = deps;
  }

  /**
   * @throws SyscallError `not-found` for an id that is no answer of theirs, `forbidden` for a rater that they are not,
   * `invalid-params` for one that was rated before, `rate-limited`
   */
  async rate(process: Process, { syscallId: id, quality, by: as }: Params<'syscall.feedback'>): Promise<void> {
    const { policy, journal, clock, limit, events } = this.#deps;
    limit.take(process.tenant, clock.now());
    if (this.#entryOf(id) === undefined) await this.#recall(id);
    const { call, by } = this.#rated(id, process.scope, as);
    policy.feedback(call, quality, by);
    this.#saveSoon();
    events.emit('feedback', { call, quality, by });
    await journal.append({ type: 'rated', id, at: clock.now(), quality });
  }

  /** What was learnt is not saved by itself any more. */
  close(): void {
    this.#cancelSave?.();
  }

  #entryOf(id: SyscallId) {
    return this.#deps.finished.find(id, undefined, this.#deps.clock.now());
  }

  /** Has memory know a call again that only the journal does. */
  async #recall(id: SyscallId): Promise<void> {
    const { journal, finished, clock } = this.#deps;
    const found = await journal.find?.({ id });
    // Somebody may have asked for it meanwhile.
    if (found?.ended === undefined || this.#entryOf(id) !== undefined) return;
    const { call, ended } = found;
    finished.add(id, {
      call: answerOf(call, ended),
      owner: call.caller.principal,
      size: JSON.stringify(call.params).length,
      at: clock.now(),
      // The journal does not say who rated it: whom nobody but an operator outranks.
      rated: ended.rated === undefined ? undefined : 'verifier',
    });
  }

  /**
   * An answer that is rated now. Each rater rates an answer once, and none after one whose word counts for more: a rating that could
   * be repeated could teach the policy anything.
   *
   * @param by as whom it is rated @default as its agent; where it is another's, as what the token is
   */
  #rated(id: SyscallId, principal: Principal, by?: Rater): { readonly call: FinishedCall; readonly by: Rater } {
    const entry = this.#entryOf(id);
    const raters = entry?.call === undefined ? [] : ratersOf(principal, entry.owner, entry.call.tenant);
    const [usual] = raters;
    if (entry?.call === undefined || usual === undefined) {
      throw new SyscallError('not-found', `params.syscallId: expected an answered syscall of yours, got "${id}"`);
    }
    const rater = by ?? usual;
    if (!raters.includes(rater)) {
      throw new SyscallError('forbidden', `params.by: expected ${raters.join(' or ')} with this token, got "${rater}"`);
    }
    if (entry.rated !== undefined && RATERS.indexOf(rater) <= RATERS.indexOf(entry.rated)) {
      const whom = entry.rated === rater ? '' : ` by ${entry.rated}`;
      const message = `params.syscallId: expected a syscall not rated before${whom}, got "${id}"`;
      throw new SyscallError('invalid-params', message);
    }
    entry.rated = rater;
    return { call: entry.call, by: rater };
  }

  /** A timer only where something is new: an idle kernel does nothing. */
  #saveSoon(): void {
    const { clock, policy } = this.#deps;
    this.#cancelSave ??= clock.after(SAVE_MS, () => {
      this.#cancelSave = undefined;
      void policy.save();
    });
  }
}
