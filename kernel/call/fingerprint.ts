import { hash } from 'node:crypto';
import type { ChatParams } from '../../syscalls/llm-chat.js';

/** What a repeat may change: how and how fast the answer comes, and to which trace it belongs. */
const FREE = { idempotencyKey: undefined, from: undefined, stream: undefined, deadlineMs: undefined, trace: undefined };

/** SHA-256 of what a call asks, in hex. The gate has put the members of its parameters in the order of their schema. */
export function fingerprintOf(params: ChatParams): string {
  return hash('sha256', JSON.stringify({ ...params, ...FREE }));
}
