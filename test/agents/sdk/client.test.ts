import { beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../../agents/sdk/client.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { ask, errorOf } from '../../support/kernel.js';
import { chatReply, FakeKernel, settle } from './client-fake-kernel.js';

let kernel: FakeKernel;
beforeEach(() => {
  kernel = new FakeKernel();
});

async function chatting(options: { signal?: AbortSignal } = {}) {
  const client = await kernel.connect();
  const reply = client.chat(ask('hello'), options);
  reply.catch(() => {});
  await settle();
  return { client, reply, peer: kernel.peer, request: kernel.peer.last('llm.chat') };
}

describe('connecting', () => {
  test('says hello with name, parent and tenant, and knows what the kernel answered', async () => {
    const client = await kernel.connect({ parent: 7, tenant: 'acme', token: 'secret' });
    expect(kernel.hellos).toEqual([{ protocol: 1, name: 'agent', parent: 7, tenant: 'acme' }]);
    expect(kernel.peer.target).toEqual({ url: 'ws://kernel', token: 'secret' });
    expect([client.pid, client.hello.policy]).toEqual([1, 'fifo']);
    expect(kernel.timers.size).toBe(0);
  });

  test.each(['http://kernel', 'kernel:80', 'ws://', 'ws://a b'])('refuses the address %j', async (url) => {
    expect(await errorOf(connect({ url, name: 'agent' }))).toMatchObject({ code: 'invalid-params' });
  });

  test.each([
    ['is not there', 'refuse', { code: 'disconnected', retryable: true }],
    ['is full', new SyscallError('busy', 'full', { retryAfterMs: 5 }), { code: 'busy', retryAfterMs: 5 }],
    ['wants another protocol', new SyscallError('invalid-params', 'protocol'), { code: 'invalid-params' }],
  ] as const)('fails at once when the kernel %s', async (_, fault, error) => {
    kernel.faults.push(fault);
    expect(await errorOf(kernel.connect())).toMatchObject(error);
    expect([kernel.peers.length, kernel.timers.size]).toEqual([1, 0]);
  });

  test('gives up after connectTimeoutMs', async () => {
    kernel.faults.push('silent');
    const failed = errorOf(kernel.connect({ connectTimeoutMs: 50 }));
    await settle();
    expect(kernel.tick()).toBe(50);
    expect(await failed).toMatchObject({ code: 'disconnected', message: 'ws://kernel: no answer within 50 ms' });
  });

  test('a child says hello with its parent', async () => {
    const parent = await kernel.connect({ tenant: 'acme' });
    const child = await parent.spawn('child');
    expect(kernel.hellos[1]).toEqual({ protocol: 1, name: 'child', parent: parent.pid, tenant: 'acme' });
    expect(child.pid).toBe(2);
  });
});

describe('a call', () => {
  test('gets the reply of its own request, in whatever order replies come', async () => {
    const client = await kernel.connect();
    const replies = [client.chat(ask('a')), client.chat(ask('b'))];
    await settle();
    const [a, b] = kernel.peer.requests;
    kernel.peer.reply(b!, chatReply('2', 'of b'));
    kernel.peer.reply(a!, chatReply('1', 'of a'));
    expect((await Promise.all(replies)).map(({ text }) => text)).toEqual(['of a', 'of b']);
  });

  test('rejects with the typed error of the kernel', async () => {
    const { reply, peer, request } = await chatting();
    peer.fail(request, new SyscallError('busy', 'full', { retryAfterMs: 40 }));
    expect(await errorOf(reply)).toMatchObject({ code: 'busy', retryable: true, retryAfterMs: 40, message: 'full' });
  });

  test('that is too long for the kernel is refused before it is sent', async () => {
    const client = await kernel.connect();
    expect(await errorOf(client.chat(ask('é'.repeat(2500))))).toMatchObject({
      code: 'invalid-params',
      message: expect.stringContaining('at most 4096 bytes'),
    });
    expect(kernel.peer.requests).toEqual([]);
  });

  test.each<[string, (client: Client) => Promise<unknown>, object, unknown, unknown]>([
    ['syscall.cancel', (client) => client.cancel('s1'), { syscallId: 's1' }, { cancelled: true }, true],
    ['agent.kill', (client) => client.kill(3), { pid: 3 }, { killed: [3, 4] }, [3, 4]],
    [
      'syscall.feedback',
      (client) => client.feedback('s1', 0.5),
      { syscallId: 's1', quality: 0.5 },
      { accepted: true },
      undefined,
    ],
    ['kernel.cores', (client) => client.cores(), {}, { cores: [] }, []],
    ['kernel.ps', (client) => client.ps(), {}, { processes: [], syscalls: [] }, { processes: [], syscalls: [] }],
  ])('of %s is one method', async (method, call, params, result, expected) => {
    const answer = call(await kernel.connect());
    await settle();
    const request = kernel.peer.last(method);
    expect(request.params).toEqual(params);
    kernel.peer.reply(request, result);
    expect(await answer).toEqual(expected);
  });
});

describe('an abort', () => {
  test('rejects at once and cancels the syscall', async () => {
    const abort = new AbortController();
    const { client, reply, peer, request } = await chatting({ signal: abort.signal });
    peer.accept(request, 's1');
    abort.abort(new Error('enough'));
    expect(await errorOf(reply)).toMatchObject({ code: 'cancelled', cause: new Error('enough') });
    expect(peer.last('syscall.cancel').params).toEqual({ syscallId: 's1' });
    peer.fail(request, new SyscallError('cancelled', 'Cancelled by the agent'));
    peer.reply(peer.last('syscall.cancel'), { cancelled: true });
    await client.close();
  });

  test('before acceptance cancels as soon as the id is known', async () => {
    const abort = new AbortController();
    const { reply, peer, request } = await chatting({ signal: abort.signal });
    abort.abort();
    expect(await errorOf(reply)).toMatchObject({ code: 'cancelled' });
    expect(peer.requests).toHaveLength(1);
    peer.accept(request, 's1');
    expect(peer.last('syscall.cancel').params).toEqual({ syscallId: 's1' });
  });

  test('whose cancel passes the rate limit is sent again when the kernel says, until it counts', async () => {
    const abort = new AbortController();
    const client = await kernel.connect();
    const failed = errorOf(client.chat(ask(), { signal: abort.signal }));
    await settle();
    kernel.peer.accept(kernel.peer.last('llm.chat'), 's1');
    abort.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    kernel.random = 0.5;
    for (const _ of ['first', 'second']) {
      const refused = new SyscallError('rate-limited', 'too many', { retryAfterMs: 100 });
      kernel.peer.fail(kernel.peer.last('syscall.cancel'), refused);
      await settle();
      expect(kernel.tick()).toBe(150);
      await settle();
    }
    kernel.peer.reply(kernel.peer.last('syscall.cancel'), { cancelled: true });
    await settle();
    expect([kernel.peer.requests.length, kernel.timers.size]).toEqual([4, 0]);
  });

  test('before the call sends nothing', async () => {
    const client = await kernel.connect();
    expect(await errorOf(client.chat(ask(), { signal: AbortSignal.abort() }))).toMatchObject({ code: 'cancelled' });
    await settle();
    expect(kernel.peer.requests).toEqual([]);
  });

  test('after the reply changes nothing', async () => {
    const abort = new AbortController();
    const { reply, peer, request } = await chatting({ signal: abort.signal });
    peer.accept(request, 's1');
    peer.reply(request, chatReply('s1', 'done'));
    expect((await reply).text).toBe('done');
    abort.abort();
    expect(peer.requests).toHaveLength(1);
  });
});

describe('closing', () => {
  test('ends open calls as cancelled, twice is once, and later calls are refused', async () => {
    const { client, reply, peer } = await chatting();
    const closed = Promise.all([client.close(), client.close()]);
    expect(await errorOf(reply)).toMatchObject({ code: 'cancelled', retryable: false });
    await closed;
    expect(peer.isOpen).toBe(false);
    expect(await errorOf(client.stats())).toMatchObject({ code: 'cancelled' });
    expect([kernel.peers.length, kernel.timers.size]).toEqual([1, 0]);
  });

  test('cuts a connection whose kernel does not take part', async () => {
    const openSocket: typeof kernel.openSocket = (...args) => ({ ...kernel.openSocket(...args), close() {} });
    const client = await kernel.connect({ openSocket });
    const closed = client.close();
    expect(kernel.tick()).toBe(1000);
    await closed;
    expect(kernel.peer.isOpen).toBe(false);
  });
});

describe('a kernel that breaks the protocol', () => {
  test.each([
    ['no JSON', '{'],
    ['no JSON-RPC', '{"id":1}'],
    ['a reply to nothing', '{"jsonrpc":"2.0","id":99,"result":{}}'],
    ['a chunk without text', '{"jsonrpc":"2.0","method":"llm.chunk","params":{"syscallId":"s1","seq":0}}'],
  ])('with %s ends the connection and its calls', async (_, text) => {
    const { reply, peer } = await chatting();
    peer.raw(text);
    expect(await errorOf(reply)).toMatchObject({ code: 'internal', retryable: false });
    await settle();
    expect([peer.isOpen, kernel.timers.size]).toEqual([false, 0]);
  });

  test('with a reply of the wrong shape fails that call alone', async () => {
    const { client, reply, peer, request } = await chatting();
    peer.reply(request, { text: 'hello' });
    expect(await errorOf(reply)).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('llm.chat result'),
    });
    const cores = client.cores();
    await settle();
    peer.reply(peer.last('kernel.cores'), { cores: [] });
    expect(await cores).toEqual([]);
  });

  test('with a notification of a later version is not one', async () => {
    const { reply, peer, request } = await chatting();
    peer.raw('{"jsonrpc":"2.0","method":"kernel.news","params":{}}');
    peer.reply(request, chatReply('s1', 'fine'));
    expect((await reply).text).toBe('fine');
  });
});
