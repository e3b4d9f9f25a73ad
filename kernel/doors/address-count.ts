import type { Socket } from 'node:net';

/** How many connections each address has. */
export class AddressCount {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** Connections of all addresses. */
  get total(): number {
    return this.#total;
  }

  /** Counts a new connection until it closes. @returns whether its address has at most `most` with it */
  admit(socket: Socket, most: number): boolean {
    const address = socket.remoteAddress ?? '';
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    this.#total++;
    socket.once('close', () => this.#release(address));
    return count <= most;
  }

  #release(address: string): void {
    this.#total--;
    const left = (this.#counts.get(address) ?? 0) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}
