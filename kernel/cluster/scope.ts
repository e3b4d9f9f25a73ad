import { LOCAL, type Principal } from '../process/principal.js';
import type { Scope } from './messages.js';

/** A principal as plain data: JSON has no infinity. */
export function scopeOf(principal: Principal): Scope | undefined {
  if (principal === LOCAL) return undefined;
  const { maxPending, budgetUsd, ...rest } = principal;
  return { ...rest, maxPending: finite(maxPending), budgetUsd: finite(budgetUsd) };
}

export function principalOf(scope: Scope | undefined): Principal {
  if (scope === undefined) return LOCAL;
  const { maxPending, budgetUsd, ...rest } = scope;
  return {
    ...rest,
    maxPending: maxPending ?? Number.POSITIVE_INFINITY,
    budgetUsd: budgetUsd ?? Number.POSITIVE_INFINITY,
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
