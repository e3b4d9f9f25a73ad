import { beforeEach, describe, expect, test } from 'vitest';
import type { ChatDelta, ChatStream } from '../../../agents/sdk/client.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { ask, errorOf } from '../../support/kernel.js';
import { chatReply, FakeKernel, settle } from './client-fake-kernel.js';

let kernel: FakeKernel;
beforeEach(() => {
  kernel = new FakeKernel();
});

/** A stream whose call was accepted as s1. */
async function streaming(signal?: AbortSignal) {
  const client = await kernel.connect();
  const stream = client.stream(ask(), { signal });
  await settle();
  const { peer } = kernel;
  const request = peer.last('llm.chat');
  peer.accept(request, 's1');
  return { client, stream, peer, request };
}

async function collect(stream: ChatStream, read: ChatDelta[] = []): Promise<ChatDelta[]> {
  for await (const delta of stream) read.push(delta);
  return read;
}

describe('a stream', () => {
  test('asks for one, gives the text as it comes, then ends with the reply', async () => {
    const { stream, peer, request } = await streaming();
    expect(request.params).toMatchObject({ stream: true });
    const reader = stream[Symbol.asyncIterator]();
    const first = reader.next();
    peer.chunk('s1', 0, 'one ');
    expect((await first).value).toEqual({ text: 'one ', restart: false });
    const second = reader.next();
    peer.chunk('s1', 1, 'two');
    expect((await second).value).toEqual({ text: 'two', restart: false });
    const last = reader.next();
    peer.reply(request, chatReply('s1', 'one two'));
    expect((await last).done).toBe(true);
    expect((await stream.reply).text).toBe('one two');
  });

  test('gives a slow reader fewer and longer pieces', async () => {
    const { stream, peer, request } = await streaming();
    for (let seq = 0; seq < 1000; seq++) peer.chunk('s1', seq, 'x');
    peer.reply(request, chatReply('s1', 'x'.repeat(1000)));
    expect(await collect(stream)).toEqual([{ text: 'x'.repeat(1000), restart: false }]);
  });

  test('gives whole characters also where a kernel cuts them', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    for (const [seq, text] of ['a\ud83d', '\ude00b\ud83d', 'c', '\ud83d'].entries()) {
      peer.chunk('s1', seq, text);
      await settle();
    }
    peer.reply(request, chatReply('s1', 'a\ud83d\ude00b\ud83dc\ud83d'));
    await all;
    expect(read.map(({ text }) => text)).toEqual(['a', '😀b', '\u{FFFD}c', '\u{FFFD}']);
    expect(read.every(({ restart }) => !restart)).toBe(true);
  });

  test('gives what the kernel did not stream from the reply', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, 'half');
    await settle();
    peer.reply(request, chatReply('s1', 'half an answer'));
    await all;
    expect(read.map(({ text }) => text)).toEqual(['half', ' an answer']);
  });

  test('throws in the loop what the call ended with', async () => {
    const { stream, peer, request } = await streaming();
    peer.chunk('s1', 0, 'half');
    peer.fail(request, new SyscallError('core-failed', 'gone'));
    const read: ChatDelta[] = [];
    expect(await errorOf(collect(stream, read))).toMatchObject({ code: 'core-failed' });
    expect(read).toEqual([{ text: 'half', restart: false }]);
  });

  test('need not be read', async () => {
    const { stream, peer, request } = await streaming();
    peer.chunk('s1', 0, 'unread');
    peer.reply(request, chatReply('s1', 'unread'));
    expect((await stream.reply).text).toBe('unread');
  });

  test('that fails unread and unawaited harms nobody', async () => {
    const { client, peer } = await streaming();
    peer.cut();
    await settle();
    await client.close();
  });

  test('throws when its signal is aborted, and the syscall is cancelled', async () => {
    const abort = new AbortController();
    const { stream, peer } = await streaming(abort.signal);
    const failed = errorOf(collect(stream));
    await settle();
    abort.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    expect(peer.last('syscall.cancel').params).toEqual({ syscallId: 's1' });
  });
});

test('leaving the loop cancels the syscall, once', async () => {
  const { stream, peer, request } = await streaming();
  peer.chunk('s1', 0, 'one');
  for await (const { text } of stream) {
    expect(text).toBe('one');
    break;
  }
  expect(peer.last('syscall.cancel').params).toEqual({ syscallId: 's1' });
  expect(await errorOf(stream.reply)).toMatchObject({ code: 'cancelled' });
  peer.chunk('s1', 1, 'late');
  peer.fail(request, new SyscallError('cancelled', 'Cancelled by the agent'));
  expect(peer.requests).toHaveLength(2);
});

describe('tool calls of a stream', () => {
  const piece = (id: string, args: string) => ({ id, name: 'sum', arguments: args });
  const replyWith = (...calls: readonly (readonly [id: string, args: string])[]) => ({
    ...chatReply('s1', ''),
    toolCalls: calls.map(([id, args]) => ({
      id,
      type: 'function' as const,
      function: { name: 'sum', arguments: args },
    })),
  });

  test('come in pieces as they are written, those of a slow reader joined', async () => {
    const { stream, peer, request } = await streaming();
    const reader = stream[Symbol.asyncIterator]();
    const first = reader.next();
    peer.chunk('s1', 0, '', { toolCalls: [piece('a', '')] });
    expect((await first).value).toEqual({ text: '', restart: false, toolCalls: [piece('a', '')] });
    peer.chunk('s1', 1, '', { toolCalls: [piece('a', '{"x"')] });
    peer.chunk('s1', 2, '', { toolCalls: [piece('a', ':1}'), piece('b', '{')] });
    expect((await reader.next()).value).toEqual({
      text: '',
      restart: false,
      toolCalls: [piece('a', '{"x":1}'), piece('b', '{')],
    });
    peer.reply(request, replyWith(['a', '{"x":1}'], ['b', '{}'], ['c', '{}']));
    expect((await reader.next()).value?.toolCalls).toEqual([piece('b', '}'), piece('c', '{}')]);
    expect((await reader.next()).done).toBe(true);
  });

  test('are void after a restart', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, '', { toolCalls: [piece('a', '{"x"')] });
    await settle();
    peer.chunk('s1', 1, '', { restart: true, toolCalls: [piece('b', '{}')] });
    peer.reply(request, replyWith(['b', '{}']));
    await all;
    expect(read).toEqual([
      { text: '', restart: false, toolCalls: [piece('a', '{"x"')] },
      { text: '', restart: true, toolCalls: [piece('b', '{}')] },
    ]);
  });

  test('that the reply does not go on from are void', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, '', { toolCalls: [piece('a', '{"x"')] });
    await settle();
    peer.reply(request, replyWith(['b', '{}']));
    await all;
    expect(read.at(-1)).toEqual({ text: '', restart: true, toolCalls: [piece('b', '{}')] });
  });
});

describe('a restart', () => {
  test('notifies the reader that what it has read is void', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, 'wrong start');
    await settle();
    peer.chunk('s1', 1, 'right', { restart: true });
    peer.chunk('s1', 2, ' one');
    peer.reply(request, chatReply('s1', 'right one'));
    await all;
    expect(read).toEqual([
      { text: 'wrong start', restart: false },
      { text: 'right one', restart: true },
    ]);
  });

  test('of text that nobody has read is not reported', async () => {
    const { stream, peer, request } = await streaming();
    peer.chunk('s1', 0, 'wrong start');
    peer.chunk('s1', 1, 'right', { restart: true });
    peer.reply(request, chatReply('s1', 'right'));
    expect(await collect(stream)).toEqual([{ text: 'right', restart: false }]);
  });

  test('that only the reply shows is reported all the same', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, 'wrong start');
    await settle();
    peer.reply(request, chatReply('s1', 'right'));
    await all;
    expect(read.at(-1)).toEqual({ text: 'right', restart: true });
  });

  test('of an answer that is then empty is reported all the same', async () => {
    const { stream, peer, request } = await streaming();
    const read: ChatDelta[] = [];
    const all = collect(stream, read);
    peer.chunk('s1', 0, 'wrong start');
    await settle();
    peer.chunk('s1', 1, '', { restart: true });
    peer.reply(request, chatReply('s1', ''));
    await all;
    expect(read.at(-1)).toEqual({ text: '', restart: true });
  });
});

describe('a stream that cannot be true', () => {
  test.each([
    ['a gap', [0, 2]],
    ['a repeat', [0, 0]],
    ['a late start', [1]],
  ])('because of %s in its sequence fails, and the syscall is cancelled', async (_, seqs) => {
    const { stream, peer } = await streaming();
    for (const seq of seqs) peer.chunk('s1', seq, 'x');
    expect(await errorOf(collect(stream))).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('offset'),
    });
    expect(await errorOf(stream.reply)).toMatchObject({ code: 'internal' });
    expect(peer.last('syscall.cancel').params).toEqual({ syscallId: 's1' });
  });
});
