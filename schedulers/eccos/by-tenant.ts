import { partyOf } from '../party.js';

/** Tenants that anything is kept of. */
const MOST_TENANTS = 256;

/**
 * One thing a tenant, bounded. Where there are too many, the party that has most tenants gives up the one that it used longest
 * ago: a party that floods the kernel with tenants loses its own.
 */
export class ByTenant<T> {
  readonly #most: number;
  /** By party, then by tenant; both used longest ago first. */
  readonly #parties = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(most = MOST_TENANTS) {
    this.#most = most;
  }

  /** Tenants that something is kept of. */
  get size(): number {
    return this.#size;
  }

  /** Undefined: nothing is kept. It takes no turn. */
  peek(tenant: string): T | undefined {
    return this.#parties.get(partyOf(tenant))?.get(tenant);
  }

  /** What is kept, or `create` and keep it; as the one used last. */
  of(tenant: string, create: () => T): T {
    const value = this.peek(tenant) ?? create();
    this.set(tenant, value);
    return value;
  }

  /** Keeps it as the one used last. */
  set(tenant: string, value: T): void {
    const party = partyOf(tenant);
    const own = this.#parties.get(party) ?? new Map<string, T>();
    if (!own.delete(tenant)) this.#size++;
    own.set(tenant, value);
    this.#parties.delete(party);
    this.#parties.set(party, own);
    if (this.#size > this.#most) this.#forget();
  }

  /** All, parties and tenants used longest ago first. */
  *entries(): Generator<readonly [tenant: string, value: T]> {
    for (const own of this.#parties.values()) yield* own;
  }

  /** What each party has, used longest ago first. */
  parties(): readonly (readonly T[])[] {
    return [...this.#parties.values()].map((own) => [...own.values()]);
  }

  #forget(): void {
    let largest: readonly [string, Map<string, T>] | undefined;
    for (const one of this.#parties) if (one[1].size > (largest?.[1].size ?? 0)) largest = one;
    const [party, own] = largest as readonly [string, Map<string, T>];
    const [oldest] = own.keys() as Iterable<string>;
    own.delete(oldest as string);
    if (own.size === 0) this.#parties.delete(party);
    this.#size--;
  }
}
