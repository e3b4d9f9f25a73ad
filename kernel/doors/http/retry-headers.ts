import type { SyscallError } from '../../../syscalls/errors.js';

/** SDKs sleep for as long as the answer says: never longer than this. */
const MOST_WAIT_MS = 60_000;
const USUAL_WAIT_MS = 1000;

/**
 * Whether and when the same request may be made again. `x-should-retry` is obeyed by the SDKs of OpenAI and Anthropic, the
 * wait in milliseconds by both and the AI SDK; LangChain reads the one in seconds alone.
 */
export function retryHeaders({ retryable, retryAfterMs }: SyscallError, status: number): Record<string, string> {
  const should = { 'x-should-retry': String(retryable) };
  if (!retryable || (retryAfterMs === undefined && status !== 429)) return should;
  const ms = Math.min(MOST_WAIT_MS, Math.max(1, Math.round(retryAfterMs ?? USUAL_WAIT_MS)));
  return { ...should, 'retry-after-ms': String(ms), 'retry-after': String(Math.ceil(ms / 1000)) };
}
