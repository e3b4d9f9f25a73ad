import { LRUCache } from 'lru-cache';

/** Tenants that are kept, and things of each. */
const MAX = { tenants: 256, things: 4096 } as const;

/** Something by its name, kept or new. */
export interface Entry<T> {
  readonly value: T;
  /** Keeps it, as the one used last. What is only looked at takes no room and no turn. */
  keep(): void;
}

/** Named things of tenants, bounded: those kept least recently go first, and no tenant's for another's. */
export class KeptByTenant<T extends object> {
  readonly #tenants = new LRUCache<string, LRUCache<string, T>>({ max: MAX.tenants });

  /** @param create where it is not kept */
  entry(tenant: string, name: string, create: () => T): Entry<T> {
    const value = this.#tenants.peek(tenant)?.peek(name) ?? create();
    return { value, keep: () => this.keep(tenant, name, value) };
  }

  keep(tenant: string, name: string, value: T): void {
    const own = this.#tenants.get(tenant) ?? new LRUCache<string, T>({ max: MAX.things });
    own.set(name, value);
    this.#tenants.set(tenant, own);
  }

  /** In an order that is forgotten like this one when it is kept again. */
  all<S>(stateOf: (value: T) => S): [tenant: string, name: string, state: S][] {
    const ofTenant = (tenant: string, own: LRUCache<string, T>) =>
      own.dump().map(([name, { value }]): [string, string, S] => [tenant, name, stateOf(value)]);
    return this.#tenants.dump().flatMap(([tenant, { value }]) => ofTenant(tenant, value));
  }
}
