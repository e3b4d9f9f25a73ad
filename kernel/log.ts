import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Members that may hold prompts, keys or tokens: none of them is ever written, however it got into an entry. */
const SECRET = ['params', 'messages', 'prompt', 'text', 'authorization', 'token', 'key', 'apiKey', 'headers', 'body'];

/** One line of a stack. */
const FRAME = /^ {4}at .+:\d+:\d+\)?$/;

/**
 * A logger that writes JSON lines.
 *
 * @param destination where to. @default stderr, so that stdout stays for results; written at once, so that a crash loses no line
 */
export function createLogger(
  { level }: { readonly level: 'silent' | 'error' | 'warn' | 'info' | 'debug' },
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  // Messages and causes of errors may repeat a prompt or a provider's reply: only what kind it is and the frames are written.
  const serializers = { err: describeError };
  return pino({ level, redact: { paths, remove: true }, serializers }, destination);
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  // The message comes first, and its lines may look like frames.
  const stack = (error.stack ?? '').replace(error.message, '');
  const frames = stack.split('\n').filter((line) => FRAME.test(line));
  return { type: error.name, ...('code' in error ? { code: error.code } : {}), stack: frames.join('\n') };
}
