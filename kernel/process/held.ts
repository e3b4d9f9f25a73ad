/** Who holds text that nobody takes for now: a slow reader, or a call that nobody follows. */
export interface Unread {
  /** Name of the token. */
  readonly owner: string;
  /** Characters. */
  readonly unread: number;
  /** Lets go of the text: the reader is cut off, or the call ends. */
  giveUp(): void;
}

/** Nobody gives up for less. */
const LEAST = 2 ** 16;

/**
 * Characters that the kernel keeps in memory for each token: of open calls with their answers, and of text that waits for slow
 * readers. Answers grow after their calls were accepted: where they pass the bound, who holds most that nobody takes gives up, of the
 * token that has most.
 */
export class Held {
  readonly #most: () => number;
  readonly #byOwner = new Map<string, number>();
  readonly #unread = new Set<Unread>();
  #total = 0;
  /** So much there was when nobody had anything to give up. */
  #inUse = 0;

  /** @param most characters; asked each time, since a reload may change them @default any number */
  constructor(most = () => Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  get total(): number {
    return this.#total;
  }

  of(owner: string): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  /** @param owner name of the token @param change negative when less is kept */
  add(owner: string, change: number): void {
    this.#total += change;
    const size = this.of(owner) + change;
    if (size > 0) this.#byOwner.set(owner, size);
    else this.#byOwner.delete(owner);
  }

  /** Somebody takes no text any more. Idempotent. */
  stopped(unread: Unread): void {
    this.#unread.add(unread);
  }

  /** He takes it again, or is gone. Idempotent. */
  goesOn(unread: Unread): void {
    this.#unread.delete(unread);
  }

  /** Has as many give up as it takes to keep the bound. What the caller holds may be let go of. */
  keepBound(): void {
    const most = this.#most();
    // In vain it is not tried again for every piece of text.
    if (this.#total <= most || this.#total < this.#inUse + LEAST) return;
    this.#inUse = 0;
    while (this.#total > most) {
      const first = this.#first();
      if (first === undefined) {
        this.#inUse = this.#total;
        return;
      }
      this.#unread.delete(first);
      first.giveUp();
    }
  }

  #first(): Unread | undefined {
    let first: Unread | undefined;
    let [held, size] = [0, 0];
    for (const one of this.#unread) {
      const { owner, unread } = one;
      if (unread < LEAST) continue;
      const its = this.of(owner);
      if (its < held || (its === held && unread <= size)) continue;
      [first, held, size] = [one, its, unread];
    }
    return first;
  }
}
