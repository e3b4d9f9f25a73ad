import type { Budgets } from '../../syscalls/budget.js';
import type { Method } from '../../syscalls/table.js';

/** Who a connection speaks for and what it may do: comes from its token, never from a message. */
export interface Principal extends Budgets {
  /** Name of the token in the config; processes of one name are each other's. */
  readonly name: string;
  /** Whose calls these are; undefined: `name`, and hello may name tenants below it. */
  readonly tenant: string | undefined;
  /** Sees and ends the processes of others. */
  readonly operator: boolean;
  /** Rates the answers of its whole tenant. @default false */
  readonly verifier?: boolean;
  /** Cores it may use; undefined: every one. */
  readonly cores: readonly string[] | undefined;
  /** Syscalls it may make; undefined: every one. */
  readonly methods: readonly Method[] | undefined;
  /** Highest priority that its calls get. */
  readonly maxPriority: number;
  /** Most syscalls of all its processes that are not final. */
  readonly maxPending: number;
}

/** Who everyone is where the config names no token: the operator's own machine. */
export const LOCAL: Principal = {
  name: 'local',
  tenant: undefined,
  operator: true,
  cores: undefined,
  methods: undefined,
  maxPriority: 9,
  maxPending: Number.POSITIVE_INFINITY,
  budgetUsd: Number.POSITIVE_INFINITY,
};

/**
 * Whose calls those of a process are. A tenant that an agent names lies below the name of its token, so that no token can speak for
 * the tenant of another one; where there are no tokens everybody is the operator, and any name is taken.
 *
 * @param named in hello
 */
export function tenantOf(principal: Principal, named: string | undefined): string {
  const { tenant, name } = principal;
  if (tenant !== undefined) return tenant;
  if (named === undefined || named === name) return name;
  return principal === LOCAL ? named : `${name}/${named}`;
}
