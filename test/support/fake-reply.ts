import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with a reply. */
export type Fault =
  /** An error status instead of an answer. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** A redirect to another address. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Sends headers, then this many words, then nothing. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Sends a byte of the header every 10 ms and never gets to its end. */
  | { readonly kind: 'slow-header' }
  /** Cuts the connection after this many words. */
  | { readonly kind: 'reset'; readonly after: number }
  /** Ends the response in good order after this many words, without finish reason and [DONE]. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Sends half of a JSON text as an event after this many words. */
  | { readonly kind: 'broken-json'; readonly after: number }
  /** Sends an error event after this many words. */
  | { readonly kind: 'error-event'; readonly after: number; readonly message: string }
  /** Sends the whole answer one byte a write. */
  | { readonly kind: 'single-bytes' }
  /** Sends this as the body of the stream: another provider's protocol. */
  | { readonly kind: 'verbatim'; readonly body: string }
  /** Never stops sending words. */
  | { readonly kind: 'endless' };

/** What the server answers to one request. */
export interface FakeReply {
  /** Sent word by word. @default "ok" */
  readonly text?: string;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  /** @default tool_calls if there are any, else stop */
  readonly finishReason?: string;
  /** @default 7 prompt tokens and one token a word; null = none is reported */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  /** Real milliseconds before the header, and between words. @default 0 */
  readonly delayMs?: number;
  readonly fault?: Fault;
}

/** Sends the reply as OpenAI's server-sent events, or what the fault makes of it. Settles when there is no more to send. */
export async function sendReply(response: ServerResponse, reply: FakeReply): Promise<void> {
  const { fault, delayMs = 0 } = reply;
  if (delayMs > 0) await sleep(delayMs);
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      response.end(fault.body ?? '{"error":{"message":"no"}}');
      return;
    case 'redirect':
      response.writeHead(307, { location: fault.to }).end();
      return;
    case 'slow-header':
      for (const byte of `HTTP/1.1 200 OK\r\nx-slow: ${'a'.repeat(100_000)}`) {
        if (response.destroyed) return;
        response.socket?.write(byte);
        await sleep(10);
      }
      return;
    default:
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (fault?.kind === 'verbatim') response.end(fault.body);
      else await sendStream(response, reply);
  }
}

async function sendStream(response: ServerResponse, reply: FakeReply): Promise<void> {
  const { text = 'ok', toolCalls = [], fault, delayMs = 0 } = reply;
  const words = text === '' ? [] : text.split(/(?= )/);
  const send = async (data: string) => {
    const event = `data: ${data}\n\n`;
    for (const piece of fault?.kind === 'single-bytes' ? Buffer.from(event) : [event]) {
      if (response.destroyed) return;
      const hasRoom = response.write(typeof piece === 'number' ? Buffer.of(piece) : piece);
      // Each byte in a packet of its own.
      if (fault?.kind === 'single-bytes') await new Promise(setImmediate);
      if (!hasRoom) await drained(response);
    }
  };
  const sendDelta = (delta: object, finish_reason: string | null = null) =>
    send(
      JSON.stringify({ id: 'fake', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] }),
    );

  for (let sent = 0; sent < words.length || fault?.kind === 'endless'; sent++) {
    if (response.destroyed) return;
    if (fault !== undefined && 'after' in fault && sent >= fault.after) break;
    await sendDelta({ content: words[sent % words.length] });
    if (delayMs > 0) await sleep(delayMs);
    // A socket takes megabytes before it says that it is full: let the others have a turn.
    if (fault?.kind === 'endless') await new Promise(setImmediate);
  }
  switch (fault?.kind) {
    case 'stall':
      return;
    case 'reset':
      // What was written has to leave before the connection is cut.
      await sleep(5);
      response.destroy();
      return;
    case 'cut':
      response.end();
      return;
    case 'broken-json':
      await send('{"choices":[{"delta":{"conte');
      break;
    case 'error-event':
      await send(JSON.stringify({ error: { message: fault.message, type: 'server_error' } }));
      break;
    default:
  }
  for (const [index, { id, name, arguments: text }] of toolCalls.entries()) {
    const half = Math.ceil(text.length / 2);
    await sendDelta({
      tool_calls: [{ index, id, type: 'function', function: { name, arguments: text.slice(0, half) } }],
    });
    await sendDelta({ tool_calls: [{ index, function: { arguments: text.slice(half) } }] });
  }
  await sendDelta({}, reply.finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'));
  const usage = reply.usage === undefined ? { prompt_tokens: 7, completion_tokens: words.length } : reply.usage;
  if (usage !== null) await send(JSON.stringify({ id: 'fake', choices: [], usage }));
  await send('[DONE]');
  response.end();
}

/** There is room again, or nobody is left to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end);
      response.off('close', end);
      resolve();
    };
    response.on('drain', end);
    response.on('close', end);
  });
}
