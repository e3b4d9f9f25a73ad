import { createParser } from 'eventsource-parser';
import type { Clock } from '../../../clock.js';
import { CoreError } from '../../core.js';
import type { Dialect } from './answer-facts.js';
import { isObject, type Json } from './json.js';

/** How long a provider may take to close the response after its end mark. */
const CLOSING_MS = 100;

/**
 * The body of an answer as the SDK is to see it: server-sent events that are read and put in order by the dialect. It ends
 * at the provider's end mark, whether or not the connection does. A whole answer in place of events is taken too.
 *
 * @throws CoreError through the stream: for an error in the answer, or a body that is no answer
 */
export function orderedEvents(
  body: ReadableStream<Uint8Array>,
  dialect: Dialect,
  clock: Clock,
  onEvent: () => void,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(orderly(body, dialect, clock, onEvent));
}

async function* orderly(
  body: ReadableStream<Uint8Array>,
  dialect: Dialect,
  clock: Clock,
  onEvent: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const found: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => found.push(data) });
  const encoder = new TextEncoder();
  let head = '';
  let isStream: boolean | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (isStream !== true) head += text;
      isStream ??= isEventStream(head);
      if (isStream === true) {
        parser.feed(head === '' ? text : head);
        head = '';
      }
      // The last event may lack its empty line.
      if (done && isStream === true) parser.feed('\n\n');
      for (const data of found.splice(0)) {
        onEvent();
        for (const event of read(data, dialect)) yield encoder.encode(`data: ${JSON.stringify(event)}\n\n`);
      }
      if (done) break;
      if (dialect.facts.hasEndMark) {
        await closing(reader, clock);
        return;
      }
    }
    if (isStream === true) return;
    onEvent();
    for (const event of whole(head, dialect)) yield encoder.encode(`data: ${JSON.stringify(event)}\n\n`);
  } finally {
    void reader.cancel().catch(() => {});
  }
}

/** Whether a body starts like server-sent events; undefined: too short to say. */
function isEventStream(head: string): boolean | undefined {
  const start = head.trimStart();
  if (start === '') return undefined;
  return !/^[[{<]/.test(start);
}

function read(data: string, dialect: Dialect): readonly Json[] {
  if (data.trim() === '[DONE]') return dialect.done();
  if (data.trim() === '') return [];
  const event = decode(data);
  if (!isObject(event)) throw brokenJson();
  return dialect.read(event);
}

/** A body that is no stream: one answer, or a list of the events of one. */
function whole(body: string, dialect: Dialect): readonly Json[] {
  if (/^\s*</.test(body)) {
    const message = 'The provider answered with a page, not with an answer: check `baseUrl`';
    throw new CoreError('core-failed', message, { class: 'config' });
  }
  if (body.trim() === '') return [];
  const answer = decode(body);
  if (Array.isArray(answer)) return answer.filter(isObject).flatMap((event) => dialect.read(event));
  if (!isObject(answer)) throw brokenJson();
  return dialect.unroll(answer);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw brokenJson();
  }
}

function brokenJson(): CoreError {
  return new CoreError('core-failed', 'The stream of the provider holds broken JSON', { class: 'provider' });
}

/** Waits for the end of a response that is complete, so that its connection can be used again; not for long. */
async function closing(reader: ReadableStreamDefaultReader<Uint8Array>, clock: Clock): Promise<void> {
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    const cancelTimer = clock.after(CLOSING_MS, () => {
      isOver = true;
      resolve();
    });
    const drain = async () => {
      while (!isOver && !(await reader.read()).done);
    };
    void drain()
      .catch(() => {})
      .then(() => {
        cancelTimer();
        resolve();
      });
  });
  await over;
}
