import { hash } from 'node:crypto';
import type { ChatParams } from '../../syscalls/llm-chat.js';

/**
 * SHA-256 of what a call asks, in hex. The gate has put the members of its parameters in the order of their schema. Left out is what
 * a repeat may change: how and how fast the answer comes, and to which trace it belongs.
 */
export function fingerprintOf(params: ChatParams): string {
  const { idempotencyKey: _key, from: _from, stream: _stream, deadlineMs: _deadline, trace: _trace, ...asked } = params;
  return hash('sha256', JSON.stringify(asked));
}
