import type { Store } from './redis-store.js';

/** Keeps what a policy has learnt, unless another node has taken the seat. ARGV: epoch, name, bytes. @returns 1; 0 where it has */
const KEEP = `
local p = KEYS[1]
if redis.call('GET', p .. 'epoch') ~= ARGV[1] then return 0 end
redis.call('SET', p .. 'policy:' .. ARGV[2], ARGV[3])
return 1`;

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
    await this.#redis.eval(KEEP, 1, this.#prefix, this.#epoch, policy, Buffer.from(snapshot));
  }
}
