import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RawRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks for in a body is up to the test
  readonly body: any;
  /** Milliseconds of the machine. */
  readonly at: number;
}

type Answer = (response: ServerResponse, request: RawRequest, index: number) => void | Promise<void>;

/** A provider on 127.0.0.1 that answers whatever a test writes, byte for byte. */
export class RawProvider {
  readonly requests: RawRequest[] = [];
  readonly #server: Server;

  private constructor(answer: Answer) {
    this.#server = createServer((request, response) => {
      response.on('error', () => {});
      this.#serve(request, response, answer).catch(() => response.destroy());
    });
  }

  static async start(answer: Answer): Promise<RawProvider> {
    const provider = new RawProvider(answer);
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
    let text = '';
    for await (const piece of incoming.setEncoding('utf8')) text += piece;
    const { url = '', headers } = incoming;
    const request = { url, headers, body: JSON.parse(text), at: performance.now() };
    this.requests.push(request);
    await answer(response, request, this.requests.length - 1);
  }
}

/** Answers with server-sent events, and ends. */
export function events(response: ServerResponse, list: readonly unknown[], { done = false, end = true } = {}): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of list) response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  if (done) response.write('data: [DONE]\n\n');
  if (end) response.end();
}

/** Answers with a JSON body. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A chunk of a chat completion. */
export function chunk(delta: object, finishReason: string | null = null, more: object = {}): object {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    ...more,
  };
}

/** The chunk with the usage. */
export function usage(prompt: number, completion: number, more: object = {}): object {
  return {
    choices: [],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...more },
  };
}

/** An answer of OpenAI's form with one text. */
export function completion(text: string): object[] {
  return [chunk({ role: 'assistant', content: text }), chunk({}, 'stop'), usage(3, 3)];
}

/** The events of an answer of Anthropic with these blocks. */
export function anthropic(
  blocks: readonly { start: object; deltas?: readonly object[] }[],
  stop = 'end_turn',
  usage: object = { output_tokens: 7 },
): object[] {
  const start = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 1 },
  };
  return [
    { type: 'message_start', message: start },
    ...blocks.flatMap(({ start, deltas = [] }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

/** A block of text of Anthropic. */
export function anthropicText(text: string): { start: object; deltas: readonly object[] } {
  return { start: { type: 'text', text: '' }, deltas: [{ type: 'text_delta', text }] };
}

/** An event of Google with these parts. */
export function google(
  parts: readonly object[],
  finishReason: string | null = 'STOP',
  usageMetadata: object = { promptTokenCount: 9, candidatesTokenCount: 1 },
): object {
  return {
    candidates: [{ content: { role: 'model', parts }, ...(finishReason === null ? {} : { finishReason }) }],
    usageMetadata,
  };
}
