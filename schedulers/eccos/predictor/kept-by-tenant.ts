import { LRUCache } from 'lru-cache';
import { ByTenant } from '../by-tenant.js';

/** Things of a tenant that are kept. */
const MOST_THINGS = 4096;

/** Something by its name, kept or new. */
export interface Entry<T> {
  readonly value: T;
  /** Keeps it, as the one used last. What is only looked at takes no room and no turn. */
  keep(): void;
}

/** Named things of tenants, bounded: those kept least recently go first, no tenant's for another's, and tenants as `ByTenant` says. */
export class KeptByTenant<T extends object> {
  readonly #tenants = new ByTenant<LRUCache<string, T>>();

  /** @param create where it is not kept */
  entry(tenant: string, name: string, create: () => T): Entry<T> {
    const value = this.#tenants.peek(tenant)?.peek(name) ?? create();
    return { value, keep: () => this.keep(tenant, name, value) };
  }

  keep(tenant: string, name: string, value: T): void {
    this.#tenants.of(tenant, () => new LRUCache<string, T>({ max: MOST_THINGS })).set(name, value);
  }

  /** In an order that is forgotten like this one when it is kept again. @param most things of all tenants, of each the same share */
  all<S>(stateOf: (value: T) => S, most = Number.POSITIVE_INFINITY): [tenant: string, name: string, state: S][] {
    const share = Math.floor(most / Math.max(1, this.#tenants.size));
    const ofTenant = (tenant: string, own: LRUCache<string, T>) =>
      newest(own.dump(), share).map(([name, { value }]): [string, string, S] => [tenant, name, stateOf(value)]);
    return [...this.#tenants.entries()].flatMap(([tenant, own]) => ofTenant(tenant, own));
  }
}

function newest<Item>(oldestFirst: readonly Item[], most: number): readonly Item[] {
  return most === 0 ? [] : oldestFirst.slice(-most);
}
