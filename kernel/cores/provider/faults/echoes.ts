import { CoreError } from '../../core.js';

/**
 * The same fault without what a provider may repeat: secrets of the config, and what the call says.
 *
 * @param said the texts of the call
 */
export function withoutEchoes(fault: CoreError, secrets: readonly string[], said: string): CoreError {
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '[key]'), fault.message);
  const message = withoutRepeats(clean, said);
  if (message === fault.message) return fault;
  const { code, details, retryAfterMs, learnt } = fault;
  return new CoreError(code as 'core-failed', message, {
    class: details.class ?? 'provider',
    status: details.status,
    retryAfterMs,
    learnt,
  });
}

/** Characters in a row that do not stand in two texts by accident. */
const ECHO_CHARS = 16;
/** Most characters of a call that are searched. */
const SEARCHED_CHARS = 2 ** 18;

function withoutRepeats(message: string, said: string): string {
  const text = said.slice(0, SEARCHED_CHARS);
  let kept = '';
  for (let at = 0; at < message.length; ) {
    let end = at + ECHO_CHARS;
    if (end > message.length || !text.includes(message.slice(at, end))) {
      kept += message.charAt(at++);
      continue;
    }
    while (end < message.length && text.includes(message.slice(at, end + 1))) end++;
    kept += '[prompt]';
    at = end;
  }
  return kept;
}
