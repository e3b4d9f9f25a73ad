import { type Logger, pino } from 'pino';
import type { KernelConfig } from './config.js';

export type { Logger } from 'pino';

/** Members that may hold prompts, keys or tokens: none of them is ever written, however it got into an entry. */
const SECRET = ['params', 'messages', 'prompt', 'text', 'authorization', 'token', 'key', 'apiKey', 'headers', 'body'];

/** A logger that writes JSON lines to stderr, so that stdout stays for results. */
export function createLogger({ level }: KernelConfig['log']): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  // An error's cause may be a provider's reply, which may repeat a prompt: only the type and the stack are written.
  const serializers = { err: describeError };
  return pino({ level, redact: { paths, remove: true }, serializers }, pino.destination({ fd: 2, sync: false }));
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return { type: error.name, ...('code' in error ? { code: error.code } : {}), stack: frames.join('\n') };
}
