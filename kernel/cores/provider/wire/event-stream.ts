import { createParser } from 'eventsource-parser';
import type { Clock } from '../../../clock.js';
import { isObject, type Json } from '../../../json.js';
import { CoreError } from '../../core.js';
import type { Dialect } from './answer-facts.js';

/** How long a provider may take to close the response after its end mark: then its connection can be used again. */
const CLOSING_MS = 100;

/**
 * The body of an answer as the SDK is to see it: server-sent events that are read and put in order by the dialect. It ends
 * at the provider's end mark, whether or not the connection does. A whole answer in place of events is taken too.
 *
 * @throws CoreError through the stream: for an error in the answer, or a body that is no answer
 */
export function orderedEvents(
  body: AsyncIterable<Uint8Array>,
  dialect: Dialect,
  clock: Clock,
  onEvent: () => void,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(orderly(body, dialect, clock, onEvent));
}

/** What each piece of the body brings goes on as one piece: the SDK pays for pieces, not for events. */
async function* orderly(
  body: AsyncIterable<Uint8Array>,
  dialect: Dialect,
  clock: Clock,
  onEvent: () => void,
): AsyncGenerator<Uint8Array> {
  const found: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => found.push(data) });
  const inOrder = () => frames(found.splice(0), (data) => read(data, dialect), onEvent);
  let head = '';
  let isStream: boolean | undefined;
  for await (const text of untilClosed(body, dialect, clock)) {
    if (isStream !== true) head += text;
    isStream ??= isEventStream(head);
    if (isStream !== true) continue;
    parser.feed(head === '' ? text : head);
    head = '';
    yield* inOrder();
  }
  if (isStream !== true) yield* frames([head], (body) => whole(body, dialect), onEvent);
  // The last event may lack its empty line.
  parser.feed('\n\n');
  yield* inOrder();
}

const ENCODER = new TextEncoder();

/** Events that were read from texts, as one piece of a stream. Those before a broken one go out before it throws. */
function* frames(
  texts: readonly string[],
  read: (text: string) => readonly Json[],
  onEvent: () => void,
): Generator<Uint8Array> {
  let out = '';
  try {
    for (const text of texts) {
      const events = read(text);
      onEvent();
      for (const event of events) out += `data: ${JSON.stringify(event)}\n\n`;
    }
  } finally {
    if (out !== '') yield ENCODER.encode(out);
  }
}

/** The text of a body, up to its end or a while after the end mark of the answer, whichever comes first. */
async function* untilClosed(body: AsyncIterable<Uint8Array>, dialect: Dialect, clock: Clock): AsyncGenerator<string> {
  const pieces = body[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let cancelTimer: (() => void) | undefined;
  let timeOut: Promise<'late'> | undefined;
  try {
    for (;;) {
      if (dialect.facts.hasEndMark) {
        timeOut ??= new Promise((resolve) => {
          cancelTimer = clock.after(CLOSING_MS, () => resolve('late'));
        });
      }
      const next = await (timeOut === undefined ? pieces.next() : Promise.race([pieces.next(), timeOut]));
      if (next === 'late') return;
      yield decoder.decode(next.value, { stream: !next.done });
      if (next.done) return;
    }
  } catch (error) {
    // The answer was there: how its connection ended does not matter.
    if (!dialect.facts.hasEndMark) throw error;
  } finally {
    cancelTimer?.();
    pieces.return?.().catch(() => {});
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
  try {
    const event = decode(data);
    if (!isObject(event)) throw brokenJson();
    return dialect.read(event);
  } catch (error) {
    // The answer is there already: what comes after it cannot spoil it.
    if (dialect.facts.hasEndMark) return [];
    throw error;
  }
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
