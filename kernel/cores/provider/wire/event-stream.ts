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
  const pieces = untilClosed(body, dialect, clock);
  const found: string[] = [];
  let isTooLong = false;
  const parser = createParser({
    onEvent: ({ data }) => found.push(data),
    onError: ({ type }) => {
      isTooLong ||= type === 'max-buffer-size-exceeded';
    },
    maxBufferSize: MAX_EVENT_CHARS,
  });
  const turns = new Turns(clock);
  /** The events of the next characters of the body, one after another. */
  function* eventsOf(text: string): Generator<readonly Json[]> {
    for (let at = 0; at < text.length; at += STEP_CHARS) {
      parser.feed(text.length <= STEP_CHARS ? text : text.slice(at, at + STEP_CHARS));
      if (isTooLong) throw tooLarge(`an event of at most ${MAX_EVENT_CHARS} characters`);
      for (const data of found.splice(0)) yield read(data, dialect);
    }
  }
  let head = '';
  let isStream: boolean | undefined;
  for await (const text of pieces) {
    turns.begin();
    if (isStream !== true) head += text;
    if (head.length > MAX_WHOLE_CHARS) throw tooLarge(`an answer of at most ${MAX_WHOLE_CHARS} characters`);
    isStream ??= isEventStream(head);
    if (isStream !== true) continue;
    for (const list of eventsOf(head === '' ? text : head)) {
      const turn = turns.next();
      if (turn !== undefined) await turn;
      yield* framed(list, onEvent);
    }
    head = '';
  }
  for (const event of isStream === true ? [] : whole(head, dialect)) {
    const turn = turns.next();
    if (turn !== undefined) await turn;
    yield* framed([event], onEvent);
  }
  // The last event may lack its empty line.
  for (const list of eventsOf('\n\n')) yield* framed(list, onEvent);
}

/** Lets others have their turn of the event loop while many events are there at once. */
class Turns {
  readonly #clock: Clock;
  #taken = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A turn has just begun. */
  begin(): void {
    this.#taken = 0;
  }

  /** One more event is taken. @returns what to wait for before it, if anything */
  next(): Promise<void> | undefined {
    if (++this.#taken <= TURN_EVENTS) return undefined;
    this.#taken = 1;
    return new Promise((resolve) => void this.#clock.after(0, resolve));
  }
}

const ENCODER = new TextEncoder();

function* framed(list: readonly Json[], onEvent: () => void): Generator<Uint8Array> {
  onEvent();
  for (const event of list) yield ENCODER.encode(`data: ${JSON.stringify(event)}\n\n`);
}

/** The text of a body, up to its end or a while after the end mark of the answer, whichever comes first. */
async function* untilClosed(body: ReadableStream<Uint8Array>, dialect: Dialect, clock: Clock): AsyncGenerator<string> {
  const reader = body.getReader();
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
      const next = await (timeOut === undefined ? reader.read() : Promise.race([reader.read(), timeOut]));
      if (next === 'late') return;
      yield decoder.decode(next.value, { stream: !next.done });
      if (next.done) return;
    }
  } catch (error) {
    // The answer was there: how its connection ended does not matter.
    if (!dialect.facts.hasEndMark) throw error;
  } finally {
    cancelTimer?.();
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
