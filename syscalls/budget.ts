import { z } from 'zod';
import type { Millis } from './syscall.js';

/** Periods that can have a budget of their own, those of UTC; the longest first. */
export const BUDGET_PERIODS = ['month', 'day'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** Something for each period. */
export type ByPeriod<T> = Readonly<Record<BudgetPeriod, T>>;

/** What calls may cost, answered or not. Once it is spent no call starts; those that run end. */
export interface Budgets {
  /** US dollars in all; infinite: no bound. */
  readonly budgetUsd: number;
  /** US dollars in each period that is bounded. @default none is */
  readonly budgetUsdBy?: Partial<ByPeriod<number>> | undefined;
}

/** The period that holds a moment: its first one, and that of the next period. */
export function periodAt(per: BudgetPeriod, at: Millis): { readonly start: Millis; readonly end: Millis } {
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return per === 'day'
    ? { start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) }
    : { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** One budget as people see it. */
export const budgetView = z.strictObject({
  per: z.enum(['total', ...BUDGET_PERIODS]).describe('What it is for: all, or each period in UTC'),
  usd: z.number().describe('US dollars that calls may cost'),
  spentUsd: z.number().describe('US dollars that they have cost, of this period'),
  endsAt: z.number().optional().describe("When the period ends, milliseconds on the kernel's clock"),
});

export type BudgetView = z.infer<typeof budgetView>;
