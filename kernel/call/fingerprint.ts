import { createHash } from 'node:crypto';
import type { ChatParams } from '../../syscalls/llm-chat.js';

/** Settings that a repeat may change: they say how the answer comes, not which one. */
const FREE: ReadonlySet<string> = new Set(['idempotencyKey', 'from', 'stream', 'deadlineMs']);

/** SHA-256 of what a call asks, in hex: equal for parameters that differ in the order of their members, or in how the answer comes. */
export function fingerprintOf(params: ChatParams): string {
  const asked = Object.entries(params).filter(([name]) => !FREE.has(name));
  return createHash('sha256')
    .update(canonical(Object.fromEntries(asked)))
    .digest('hex');
}

/** JSON with the members of each object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
