import { BUDGET_PERIODS, type BudgetPeriod, type Budgets, type BudgetView, periodAt } from '../../syscalls/budget.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';

/** US dollars that have been spent: in all, or in this period. */
type Spent = (per?: BudgetPeriod) => number;

/** Names of the config. */
const FIELD = { day: 'budgetPerDayUsd', month: 'budgetPerMonthUsd' } as const;

/** The error for calls of a token that has spent one of its budgets; undefined: it has spent none. */
export function budgetSpent(
  { budgetUsd, budgetUsdBy }: Budgets,
  spentUsd: Spent,
  now: Millis,
): SyscallError | undefined {
  if (spentUsd() >= budgetUsd) return budgetExhausted(budgetUsd);
  if (budgetUsdBy === undefined) return undefined;
  for (const per of BUDGET_PERIODS) {
    const usd = budgetUsdBy[per];
    if (usd === undefined || spentUsd(per) < usd) continue;
    const { end } = periodAt(per, now);
    const next = new Date(end).toISOString();
    return new SyscallError(
      'budget-exhausted',
      `${FIELD[per]}: the budget of ${usd} dollars for this ${per} is spent; the next ${per} begins at ${next}`,
      { retryAfterMs: Math.max(1, Math.ceil(end - now)) },
    );
  }
  return undefined;
}

export function budgetExhausted(budgetUsd: number): SyscallError {
  return new SyscallError('budget-exhausted', `budgetUsd: the budget of ${budgetUsd} dollars is spent`);
}

/** All budgets of a token, as people see them. */
export function budgetViews({ budgetUsd, budgetUsdBy = {} }: Budgets, spentUsd: Spent, now: Millis): BudgetView[] {
  const total: BudgetView[] = Number.isFinite(budgetUsd)
    ? [{ per: 'total', usd: budgetUsd, spentUsd: spentUsd() }]
    : [];
  const periods = BUDGET_PERIODS.flatMap((per) => {
    const usd = budgetUsdBy[per];
    return usd === undefined ? [] : [{ per, usd, spentUsd: spentUsd(per), endsAt: periodAt(per, now).end }];
  });
  return [...total, ...periods];
}
