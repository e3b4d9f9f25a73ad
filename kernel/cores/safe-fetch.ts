import { SyscallError } from '../../syscalls/errors.js';

/**
 * What is wrong with an address for requests that carry a key: only https leaves this machine.
 *
 * @returns the rule that it breaks, undefined for a good one
 */
export function baseUrlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password';
  if (url.search !== '' || url.hash !== '') return 'a URL without ? and #';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined;
  return 'an https URL (http is for 127.0.0.1, [::1] and localhost only)';
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * A `fetch` for one provider: it goes to that origin only, follows no redirect, and ends a response that is too long.
 *
 * @throws SyscallError `core-failed` for each of the three
 */
export function safeFetch(baseUrl: string, maxResponseBytes: number): typeof fetch {
  const { origin } = new URL(baseUrl);
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) throw new SyscallError('core-failed', 'A request to a foreign origin was not sent');
    const response = await fetch(url, { ...init, redirect: 'manual' });
    const { status, statusText, headers, body } = response;
    if (status >= 300 && status < 400) {
      await body?.cancel();
      throw new SyscallError('core-failed', `The provider redirects (HTTP ${status}), which is not followed`);
    }
    const bounded = body?.pipeThrough(byteLimit(maxResponseBytes)) ?? null;
    return new Response(bounded, { status, statusText, headers });
  };
}

function byteLimit(most: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(bytes, controller) {
      seen += bytes.byteLength;
      if (seen <= most) controller.enqueue(bytes);
      else controller.error(new SyscallError('core-failed', `The response exceeds \`maxResponseBytes\` of ${most}`));
    },
  });
}
