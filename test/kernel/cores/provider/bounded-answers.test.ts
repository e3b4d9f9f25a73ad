import { describe, expect, test } from 'vitest';
import { realClock, VirtualClock } from '../../../../kernel/clock.js';
import { Watchdog } from '../../../../kernel/cores/provider/watchdog.js';
import { AnthropicDialect } from '../../../../kernel/cores/provider/wire/anthropic-dialect.js';
import { orderedEvents } from '../../../../kernel/cores/provider/wire/event-stream.js';
import { OpenAIDialect } from '../../../../kernel/cores/provider/wire/openai-dialect.js';
import { chunk, events, json } from '../../../support/raw-provider.js';
import { ask, callOf, errorOf } from '../ask.js';
import { answerOf, raw } from './raw-world.js';

const tool = (index: number, text = '{}') => ({
  index,
  id: `call-${index}`,
  function: { name: 'f', arguments: text },
});

describe('an answer is refused', () => {
  const deep = '['.repeat(100_000);
  test.each<[string, readonly (object | string)[], RegExp]>([
    ['with too many calls of tools', Array.from({ length: 257 }, (_, n) => chunk({ tool_calls: [tool(n)] })), /256/],
    ['with as many in one event', [chunk({ tool_calls: Array.from({ length: 257 }, (_, n) => tool(n)) })], /256/],
    [
      'with endless arguments',
      [chunk({ tool_calls: [tool(0, 'x'.repeat(1_000_000)), tool(0, 'x'.repeat(50_000))] })],
      /1048576 characters/,
    ],
    ['that nests too deep', [deep], /64 levels/],
    ['with too many values', [`[${'0,'.repeat(100_001)}0]`], /100000 values/],
    ['with an event that is too long', [`"${'x'.repeat(1_060_000)}"`], /1048576 characters/],
    [
      'with an error without end',
      [{ error: { message: 'a-'.repeat(400_000), code: 'b'.repeat(60_000) } }],
      /an error: a-a-a-/,
    ],
  ])('%s', async (_, list, message) => {
    const { core } = await raw((response) => events(response, list, { done: true }));
    const error = (await errorOf(ask(core, callOf('q')).result)) as Error;
    expect(error).toMatchObject({ code: 'core-failed', message: expect.stringMatching(message) });
    expect(error.message.length).toBeLessThan(400);
  });

  test.each([
    ['nests too deep', '{"a":'.repeat(5000), /64 levels/],
    ['is too long', ' '.repeat(2 ** 22 + 1), /4194304 characters/],
  ])('in one piece where it %s', async (_, body, message) => {
    const { core } = await raw((response) => json(response, 200, body));
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('where its text, asked for as JSON, nests too deep', async () => {
    const list = [chunk({ content: '['.repeat(5000) }), chunk({}, 'stop')];
    const { core } = await raw((response) => events(response, list, { done: true }));
    const error = await errorOf(answerOf(core, { responseFormat: { type: 'json_object' } }));
    expect(error).toMatchObject({ code: 'invalid-output', message: 'The answer nests more than 64 levels' });
  });
});

test('256 calls of tools are taken', async () => {
  const list = [chunk({ tool_calls: Array.from({ length: 256 }, (_, n) => tool(n)) }), chunk({}, 'tool_calls')];
  const { core } = await raw((response) => events(response, list, { done: true }));
  expect((await answerOf(core)).toolCalls).toHaveLength(256);
});

test('of the body of an error only the start is read, and the connection is given up', async () => {
  let closed: Promise<void> | undefined;
  const { core } = await raw((response) => {
    closed = new Promise((resolve) => response.once('close', resolve));
    response.writeHead(503, { 'content-type': 'text/plain' });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  });
  expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({
    message: expect.stringMatching(/^The provider answered HTTP 503: x+\.\.\.$/),
    details: { class: 'provider', status: 503 },
  });
  await closed;
});

describe('others get their turn', () => {
  const encoder = new TextEncoder();
  test.each<[string, string]>([
    ['events of a text', `data: ${JSON.stringify(chunk({ content: 'a' }))}\n\n`],
    ['events that nobody knows', 'data: {"type":"new"}\n\n'],
  ])('while a thousand %s are there at once', async (_, event) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encoder.encode(event.repeat(1000)));
        controller.close();
      },
    });
    let turns = 0;
    let isRead = false;
    const count = () => {
      turns++;
      if (!isRead) setImmediate(count);
    };
    setImmediate(count);
    const dialect = event.includes('new') ? new AnthropicDialect() : new OpenAIDialect();
    for await (const _piece of orderedEvents(body, dialect, realClock, () => {})) void _piece;
    isRead = true;
    expect(turns).toBeGreaterThanOrEqual(1000 / 16 - 2);
  });
});

describe('a provider that is never done', () => {
  test('does not hold a slot for longer than `answerTimeoutMs`, however often it says something', async () => {
    const { core } = await raw(
      (response) => {
        const timer = setInterval(() => events(response, [chunk({ content: 'a' })], { end: false }), 20);
        response.once('close', () => clearInterval(timer));
      },
      { idleTimeoutMs: 10_000, answerTimeoutMs: 150 },
    );
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({
      code: 'core-failed',
      message: 'The provider was not done after 150 ms',
      details: { class: 'provider' },
    });
  });

  test('is late at its total time to the millisecond, or earlier by its silence', async () => {
    const clock = new VirtualClock();
    const ends: [string, number][] = [];
    const dog = () =>
      new Watchdog(clock, { silenceMs: 50, totalMs: 1000 }, (why) => void ends.push([why, clock.now()]));
    const drips = dog();
    dog();
    const drip = () => {
      drips.heard(30);
      if (clock.now() < 2000) clock.after(29, drip);
    };
    drip();
    await clock.runUntil(new Promise<void>((resolve) => clock.after(2100, resolve)));
    drips.stop();
    expect(ends).toEqual([
      ['silent', 50],
      ['slow', 1000],
    ]);
  });
});
