import type { HttpResponse } from '../transport/http-response.js';

/** Most bytes of an error's body that are read: what it has to say stands at its start. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The start of an error's body. The rest is not read: a response that goes on is given up with its connection. */
export async function errorText({ body }: Pick<HttpResponse, 'body'>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let left = MAX_ERROR_BYTES;
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes.subarray(0, left), { stream: true });
    left -= bytes.byteLength;
    if (left <= 0) break;
  }
  return text;
}
