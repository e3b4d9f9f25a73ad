import { hash } from 'node:crypto';
import type { ChatParams } from '../../syscalls/llm-chat.js';

/** What a repeat may change: how and how fast the answer comes, and to which trace it belongs. */
const LEFT_OUT: ReadonlySet<string> = new Set(['idempotencyKey', 'from', 'stream', 'deadlineMs', 'trace']);

/** SHA-256 of what a call asks, in hex. The gate has put the members of its parameters in the order of their schema. */
export function fingerprintOf(params: ChatParams): string {
  let asked = '';
  for (const name in params) {
    const value = params[name as keyof ChatParams];
    if (value !== undefined && !LEFT_OUT.has(name)) asked += `${asked && ','}"${name}":${JSON.stringify(value)}`;
  }
  return hash('sha256', `{${asked}}`);
}
