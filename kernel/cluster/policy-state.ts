import type { Store } from './redis-store.js';
import { KEEP_LEARNT } from './scripts.js';

/** What the policy of the node that holds the seat has learnt, for the node that holds it next: `policy:<name>`, a string. */
export class PolicyState {
  readonly #redis: Store;
  readonly #prefix: string;
  readonly #epoch: number;

  /** @param epoch in which this node holds the seat */
  constructor(redis: Store, prefix: string, epoch: number) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#epoch = epoch;
  }

  async read(policy: string): Promise<Uint8Array | undefined> {
    return (await this.#redis.getBuffer(`${this.#prefix}policy:${policy}`)) ?? undefined;
  }

  /** What another node keeps since it has taken the seat stays. */
  async write(policy: string, snapshot: Uint8Array): Promise<void> {
    await this.#redis.eval(KEEP_LEARNT, 1, this.#prefix, this.#epoch, policy, Buffer.from(snapshot));
  }
}
