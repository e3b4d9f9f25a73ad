/** Most bytes of an error's body that are read: what it has to say stands at its start. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The start of an error's body. The rest is not read: a response that goes on is given up with its connection. */
export async function errorText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let left = MAX_ERROR_BYTES;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.byteLength;
    }
  } finally {
    // After its end this does nothing.
    void reader.cancel().catch(() => {});
  }
  return text;
}
