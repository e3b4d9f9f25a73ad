/** Characters that the kernel keeps in memory for each token: of open calls with their answers, and of text that waits for slow readers. */
export class Held {
  readonly #byOwner = new Map<string, number>();
  #total = 0;

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
}
