import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { Ended, Found, StoredCall } from '../call/journal.js';

/** As SQLite has it. */
export type Row = Readonly<Record<string, string | number | null>>;

/** An accepted call of a row of the journal. */
export function callOf(row: Row): StoredCall {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const expiresAt = row['expires_at'] === null ? undefined : Number(row['expires_at']);
  const cores = text('cores');
  const [day, month] = [row['budget_day_usd'], row['budget_month_usd']];
  const budgetUsdBy = {
    ...(typeof day === 'number' ? { day } : {}),
    ...(typeof month === 'number' ? { month } : {}),
  };
  return {
    id: String(row['id']),
    caller: {
      pid: Number(row['pid']),
      program: Number(row['program']),
      tenant: String(row['tenant']),
      principal: String(row['owner']),
    },
    agent: String(row['agent']),
    at: Number(row['accepted_at']),
    expiresAt,
    priority: Number(row['priority']),
    budgetUsd: row['budget_usd'] === null ? Number.POSITIVE_INFINITY : Number(row['budget_usd']),
    ...(Object.keys(budgetUsdBy).length === 0 ? {} : { budgetUsdBy }),
    cores: cores === undefined ? undefined : (JSON.parse(cores) as string[]),
    key: text('idem'),
    fingerprint: text('fingerprint'),
    task: text('task'),
    params: JSON.parse(String(row['body'])) as ChatParams,
    attempts: Number(row['attempts']),
  };
}

/** The same, with its end where it has one. */
export function foundOf(row: Row): Found {
  const call = callOf(row);
  if (row['status'] === null) return { call };
  return {
    call,
    ended: {
      status: row['status'] as Ended['status'],
      core: row['core'] === null ? undefined : String(row['core']),
      at: Number(row['ended_at']),
      inputTokens: Number(row['input_tokens']),
      outputTokens: Number(row['output_tokens']),
      costUsd: Number(row['cost_usd']),
      rated: row['rated'] === null ? undefined : Number(row['rated']),
      end: JSON.parse(String(row['end_body'])) as Ended['end'],
    },
  };
}
