import type { PendingCall, SchedulableCore } from '../../schedulers/policy.js';

/** A call as a policy sees it. */
export function pendingCall(seq: number, more: Partial<PendingCall> = {}): PendingCall {
  return {
    id: `s${seq}`,
    seq,
    pid: 1,
    program: more.pid ?? 1,
    tenant: 'default',
    acceptedAt: 0,
    since: 0,
    expiresAt: undefined,
    priority: 0,
    inputTokens: 100,
    eligible: [],
    pinned: undefined,
    placed: undefined,
    params: { messages: [{ role: 'user', content: `call ${seq}` }] },
    ...more,
  };
}

/** A core as a policy sees it. @param price US dollars per million tokens, the same for input and output */
export function coreOf(
  id: string,
  { free = 1, cap = free, price = 1 }: { readonly free?: number; readonly cap?: number; readonly price?: number } = {},
): SchedulableCore {
  return {
    id,
    kind: 'simulated',
    price: { inputPerMTok: price, outputPerMTok: price },
    contextWindow: 100_000,
    cap,
    tools: true,
    responseFormat: true,
    supportsPrefix: true,
    running: cap - free,
    free,
  };
}
