/** Who holds text that nobody takes for now: a slow reader, or a call that nobody follows. */
export interface Unread {
  /** Name of the token. */
  readonly owner: string;
  /** Characters. */
  readonly unread: number;
  /** Lets go of the text: the reader is cut off, or the call ends. */
  giveUp(): void;
}

interface Bound {
  /** Most characters; asked each time, since a reload may change them. */
  readonly most: () => number;
  /** Runs something once what happens now is over. */
  readonly soon: (run: () => void) => void;
}

/** Nobody gives up for less. */
const LEAST = 2 ** 16;

/**
 * Characters that the kernel keeps in memory for each token: of open calls with their answers, and of text that waits for slow
 * readers. Answers grow after their calls were accepted: where they pass the bound, who holds most that nobody takes gives up, of the
 * token that has most.
 */
export class Held {
  readonly #bound: Bound | undefined;
  readonly #byOwner = new Map<string, number>();
  readonly #unread = new Set<Unread>();
  #total = 0;
  #isDue = false;
  /** So much there was when nobody had anything to give up. */
  #inUse = 0;

  /** @param bound @default none */
  constructor(bound?: Bound) {
    this.#bound = bound;
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
    if (change > 0 && this.#unread.size > 0) this.#check();
  }

  /** Somebody takes no text any more. Idempotent. */
  stopped(unread: Unread): void {
    this.#unread.add(unread);
  }

  /** He takes it again, or is gone. Idempotent. */
  goesOn(unread: Unread): void {
    this.#unread.delete(unread);
  }

  #check(): void {
    if (this.#isDue || this.#bound === undefined || this.#total <= this.#bound.most()) return;
    if (this.#total < this.#inUse + LEAST) return;
    this.#isDue = true;
    this.#bound.soon(this.#relieve);
  }

  readonly #relieve = () => {
    this.#isDue = false;
    this.#inUse = 0;
    const most = this.#bound?.most() ?? Number.POSITIVE_INFINITY;
    while (this.#total > most) {
      const first = this.#first();
      if (first === undefined) {
        this.#inUse = this.#total;
        return;
      }
      this.#unread.delete(first);
      first.giveUp();
    }
  };

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
