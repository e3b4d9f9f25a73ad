import type { Clock } from '../../../kernel/clock.js';
import type { LLMCore } from '../../../kernel/cores/core.js';
import type { CoreId, Millis } from '../../../syscalls/syscall.js';

interface Sight {
  readonly cap: number;
  inFlight: number;
  violations: number;
  busyMs: Millis;
  lastChange: Millis;
}

/**
 * Stands between the kernel and its cores and counts for itself what is in flight on each: from the request until it
 * is closed. The kernel's own counters are not asked.
 */
export class Witness {
  readonly #clock: Clock;
  readonly #until: Millis;
  readonly #sights = new Map<CoreId, Sight>();

  /** @param until when it stops adding up the time of slots; it never stops to look at the caps */
  constructor(clock: Clock, until: Millis) {
    this.#clock = clock;
    this.#until = until;
  }

  /** The same core, watched. */
  watch(core: LLMCore): LLMCore {
    const sight: Sight = {
      cap: core.info.cap,
      inFlight: 0,
      violations: 0,
      busyMs: 0,
      lastChange: this.#clock.now(),
    };
    this.#sights.set(core.info.id, sight);
    const chat: LLMCore['chat'] = async (request, run) => {
      this.#count(sight, 1);
      try {
        return await core.chat(request, run);
      } finally {
        this.#count(sight, -1);
      }
    };
    return {
      info: core.info,
      chat,
      ...(core.refuses && { refuses: core.refuses.bind(core) }),
      ...(core.health && { health: core.health.bind(core) }),
      ...(core.close && { close: core.close.bind(core) }),
    };
  }

  /** Requests that began while their core was full. */
  get capViolations(): number {
    return this.#total((sight) => sight.violations);
  }

  /** Milliseconds of slots in use, over all cores, up to `until`. */
  get busyMs(): Millis {
    for (const sight of this.#sights.values()) this.#count(sight, 0);
    return this.#total((sight) => sight.busyMs);
  }

  #count(sight: Sight, change: number): void {
    const now = this.#clock.now();
    sight.busyMs += sight.inFlight * Math.max(0, Math.min(now, this.#until) - sight.lastChange);
    sight.lastChange = now;
    sight.inFlight += change;
    if (change > 0 && sight.inFlight > sight.cap) sight.violations++;
  }

  #total(value: (sight: Sight) => number): number {
    return [...this.#sights.values()].reduce((sum, sight) => sum + value(sight), 0);
  }
}
