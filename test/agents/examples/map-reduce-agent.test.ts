import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { calculator } from '../../../agents/examples/calculator.js';
import { ChatAgent } from '../../../agents/examples/chat-agent.js';
import { MapReduceAgent } from '../../../agents/examples/map-reduce-agent.js';
import { ReactAgent } from '../../../agents/examples/react-agent.js';
import { splitText } from '../../../agents/examples/split-text.js';
import { connect } from '../../../agents/sdk/client.js';
import { type BootedKernel, bootKernel } from '../../../kernel/boot.js';
import { errorOf } from '../../support/kernel.js';
import { FakeKernel } from '../sdk/client-fake-kernel.js';
import { kernelConfig, slowConfig } from '../sdk/client-real-kernel.js';

describe('splitting a text', () => {
  test.each([
    ['paragraphs', 'one\n\ntwo\n\nthree', 3, ['one', 'two', 'three']],
    [
      'sentences, where paragraphs are too few',
      'One is. Two is!\n\nThree is? Four is.',
      4,
      ['One is.', 'Two is!', 'Three is?', 'Four is.'],
    ],
    ['words, where sentences are too few', 'one two three four', 2, ['one two', 'three four']],
    ['paragraphs of about equal length', `${'a'.repeat(50)}\n\nb\n\nc\n\nd`, 2, ['a'.repeat(50), 'b\n\nc\n\nd']],
    ['no more than there are words', 'one two', 5, ['one', 'two']],
    ['nothing', ' \n ', 3, []],
  ])('at %s', (_, text, count, pieces) => {
    expect(splitText(text, count)).toEqual(pieces);
  });

  test('loses no word, makes no empty piece and none too many', () => {
    const word = fc.constantFrom('a', 'word', 'end.', 'why?', '\n\n', 'x'.repeat(30));
    fc.assert(
      fc.property(fc.array(word), fc.integer({ min: 1, max: 12 }), (words, count) => {
        const text = words.join(' ');
        const pieces = splitText(text, count);
        expect(pieces.join(' ').split(/\s+/)).toEqual(text.trim().split(/\s+/));
        expect(pieces.length).toBe(Math.min(count, text.trim() === '' ? 0 : text.trim().split(/\s+/).length));
        expect(pieces.every((piece) => piece.trim() !== '')).toBe(true);
      }),
    );
  });
});

describe('on a real kernel', () => {
  let kernel: BootedKernel;
  afterEach(() => kernel.stop());

  async function start(config = kernelConfig()) {
    kernel = await bootKernel(config);
    const { url } = await kernel.listen();
    return () => connect({ url, name: 'agent' });
  }

  test('a chat agent answers in turns', async () => {
    const join = await start();
    const agent = new ChatAgent(await join(), { system: 'Be brief.' });
    const answers = [await agent.run('Hello'), await agent.run('And now?')];
    expect(agent.history.map(({ content }) => content)).toEqual([
      'Be brief.',
      'Hello',
      answers[0],
      'And now?',
      answers[1],
    ]);
    await agent.close();
    expect(kernel.stats().agents).toBe(0);
  });

  test('a ReAct agent is placed on a core with tools', async () => {
    const join = await start();
    const agent = new ReactAgent(await join(), { tools: [calculator] });
    let text = '';
    const answer = await agent.run('What is 6 x 7?', { onDelta: (delta) => (text += delta.text) });
    expect(answer).toBe(text);
    await agent.close();
  });

  test('a map-reduce agent has children do the parts, no more at a time than it may, and all of them end', async () => {
    const join = await start();
    const agent = new MapReduceAgent(await join(), { parts: 6, concurrency: 2 });
    let children = 0;
    let most = 0;
    let reduced = '';
    kernel.events.on('accepted', () => {
      children++;
      most = Math.max(most, kernel.stats().agents - 1);
    });
    const answer = await agent.run('Say what this is: one two three four five six', {
      onDelta: (delta) => (reduced += delta.text),
    });
    expect([children, most, reduced]).toEqual([7, 2, answer]);
    expect(agent.history[0]?.content).toContain('Part 6:');
    await expect.poll(() => kernel.stats().agents).toBe(1);
    await agent.close();
  });

  test('an abort ends all children', async () => {
    const join = await start(slowConfig());
    const agent = new MapReduceAgent(await join(), { parts: 4 });
    const abort = new AbortController();
    const failed = errorOf(agent.run('one two three four', { signal: abort.signal }));
    await expect.poll(() => kernel.cores()[0]?.running).toBe(4);
    abort.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    await expect.poll(() => kernel.stats()).toMatchObject({ agents: 1, syscalls: { running: 0, cancelled: 4 } });
    await agent.close();
  });

  test('the first child that fails ends the others, and its error is the error of the run', async () => {
    const join = await start(slowConfig({ limits: { pendingTotal: 3 } }));
    const agent = new MapReduceAgent(await join(), { parts: 4 });
    expect(await errorOf(agent.run('one two three four'))).toMatchObject({ code: 'busy' });
    await expect.poll(() => kernel.stats()).toMatchObject({ agents: 1, syscalls: { running: 0, pending: 0 } });
    await agent.close();
  });
});

test('a task without a text is an empty run, not a hang', async () => {
  const kernel = new FakeKernel();
  const agent = new MapReduceAgent(await kernel.connect());
  const abort = AbortSignal.abort();
  expect(await errorOf(agent.run(' ', { signal: abort }))).toMatchObject({ code: 'cancelled' });
  expect(kernel.peers).toHaveLength(1);
});

test.each([
  { parts: 0 },
  { parts: 1.5 },
  { concurrency: 0 },
  { concurrency: Number.NaN },
])('refuses %j', async (options) => {
  const client = await new FakeKernel().connect();
  const [name] = Object.keys(options);
  expect(() => new MapReduceAgent(client, options)).toThrow(`${name}: expected a whole number from 1 and up`);
});
