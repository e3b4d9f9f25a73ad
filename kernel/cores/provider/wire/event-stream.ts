import { createParser } from 'eventsource-parser';
import { brokenBound } from '../../../../syscalls/json-scan.js';
import type { Clock } from '../../../clock.js';
import { isObject, type Json } from '../../../json.js';
import { CoreError } from '../../core.js';
import type { Dialect } from './answer-facts.js';

/** How long a provider may take to close the response after its end mark: then its connection can be used again. */
const CLOSING_MS = 100;
/** Most characters of one event, and of a whole answer that comes in place of events. */
const MAX_EVENT_CHARS = 2 ** 20;
const MAX_WHOLE_CHARS = 2 ** 22;
/** Most lists and objects inside one another, and most commas, in one event or whole answer. */
const STRUCTURE = { maxMessageDepth: 64, maxMessageValues: 100_000 } as const;
/** A shorter text cannot hold a structure that takes long. */
const SMALL_CHARS = 2 ** 12;
/** A chunk of the body is taken apart in steps of so many characters: some lines take the parser the square of its input. */
const STEP_CHARS = 2 ** 12;
/** Events after which others get their turn, where many are there at once. */
const TURN_EVENTS = 16;

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
  const events = new EventTexts();
  const turn = () => new Promise<void>((resolve) => void clock.after(0, resolve));
  let head = '';
  let isStream: boolean | undefined;
  for await (const text of untilClosed(body, dialect, clock)) {
    if (isStream !== true) head += text;
    if (head.length > MAX_WHOLE_CHARS) throw tooLarge(`an answer of at most ${MAX_WHOLE_CHARS} characters`);
    isStream ??= isEventStream(head);
    if (isStream !== true) continue;
    let isFirst = true;
    for (const texts of events.in(head === '' ? text : head)) {
      if (!isFirst) await turn();
      isFirst = false;
      yield* frames(texts, (data) => read(data, dialect), onEvent);
    }
    head = '';
  }
  const list = isStream === true ? [] : whole(head, dialect);
  for (let at = 0; at < list.length; at += TURN_EVENTS) {
    if (at > 0) await turn();
    yield* frames(list.slice(at, at + TURN_EVENTS), (event) => [event], onEvent);
  }
  // The last event may lack its empty line.
  for (const texts of events.in('\n\n')) yield* frames(texts, (data) => read(data, dialect), onEvent);
}

/** The texts of server-sent events, a few at a time: others are to have their turn of the event loop in between. */
class EventTexts {
  readonly #found: string[] = [];
  #isTooLong = false;
  readonly #parser = createParser({
    onEvent: ({ data }) => this.#found.push(data),
    onError: ({ type }) => {
      this.#isTooLong ||= type === 'max-buffer-size-exceeded';
    },
    maxBufferSize: MAX_EVENT_CHARS,
  });

  /** @throws CoreError for an event that is too long, after those before it */
  *in(text: string): Generator<readonly string[]> {
    for (let at = 0; at < text.length && !this.#isTooLong; at += STEP_CHARS) {
      this.#parser.feed(text.length <= STEP_CHARS ? text : text.slice(at, at + STEP_CHARS));
      while (this.#found.length > TURN_EVENTS) yield this.#found.splice(0, TURN_EVENTS);
    }
    if (this.#found.length > 0) yield this.#found.splice(0);
    if (this.#isTooLong) throw tooLarge(`an event of at most ${MAX_EVENT_CHARS} characters`);
  }
}

const ENCODER = new TextEncoder();

/** Events, as one piece of a stream. Those before a broken one go out before it throws. */
function* frames<Given>(
  list: readonly Given[],
  read: (given: Given) => readonly Json[],
  onEvent: () => void,
): Generator<Uint8Array> {
  let out = '';
  try {
    for (const given of list) {
      const events = read(given);
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
  const rule = text.length > SMALL_CHARS ? brokenBound(text, STRUCTURE) : undefined;
  if (rule !== undefined) throw tooLarge(rule);
  try {
    return JSON.parse(text);
  } catch {
    throw brokenJson();
  }
}

function brokenJson(): CoreError {
  return new CoreError('core-failed', 'The stream of the provider holds broken JSON', { class: 'provider' });
}

/** @param rule what the answer had to keep to */
function tooLarge(rule: string): CoreError {
  return new CoreError('core-failed', `Expected of the provider ${rule}, got more`, { class: 'provider' });
}
