import { beforeEach, describe, expect, test } from 'vitest';
import { backoffMs } from '../../../agents/sdk/client-link.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { ask, errorOf } from '../../support/kernel.js';
import { chatReply, FakeKernel, settle } from './client-fake-kernel.js';

let kernel: FakeKernel;
beforeEach(() => {
  kernel = new FakeKernel();
});

test('pauses grow twofold up to the bound, and chance takes any part of them', () => {
  const backoff = { baseMs: 100, maxMs: 1000, attempts: 10 };
  expect([0, 1, 2, 3, 4, 500].map((attempt) => backoffMs(backoff, attempt, 1))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
  expect([0, 0.25, 0.5].map((random) => backoffMs(backoff, 1, random))).toEqual([0, 50, 100]);
});

describe('when the connection is cut', () => {
  test('an open call is asked for again on the next connection, with its key and what is there of its text', async () => {
    const client = await kernel.connect();
    const stream = client.stream(ask('before'));
    await settle();
    const first = kernel.peer.last('llm.chat');
    kernel.peer.accept(first, 's1');
    kernel.peer.chunk('s1', 0, 'half ');
    kernel.peer.cut();
    await settle();
    expect([kernel.peers.length, kernel.tick()]).toEqual([1, 250]);
    await settle();
    const { idempotencyKey } = first.params;
    const again = kernel.peer.last('llm.chat');
    expect(again.params).toEqual({ ...ask('before'), stream: true, idempotencyKey, from: { attempt: 1, offset: 5 } });
    kernel.peer.reply(again, chatReply('s1', 'half and half'));
    expect([(await stream.reply).text, client.pid, kernel.timers.size]).toEqual(['half and half', 2, 0]);
  });

  test('by a kernel that shuts down, a call that it has handed back is asked for again at the next address', async () => {
    const client = await kernel.connect({ url: ['ws://one', 'ws://two'] });
    const reply = client.chat(ask());
    await settle();
    const first = kernel.peer.last('llm.chat');
    kernel.peer.fail(first, new SyscallError('draining', 'The kernel shut down before the answer'));
    kernel.faults.push('refuse');
    kernel.peer.cut(1001);
    await settle();
    kernel.tick();
    await settle();
    expect(kernel.peers.map(({ target }) => target.url)).toEqual(['ws://one', 'ws://one', 'ws://two']);
    const again = kernel.peer.last('llm.chat');
    expect(again.params).toEqual(first.params);
    kernel.peer.reply(again, chatReply('s1', 'here'));
    expect((await reply).text).toBe('here');
  });

  test('without reconnect, or for an error that came over the connection, a call is not asked for again', async () => {
    const client = await kernel.connect();
    const failed = errorOf(client.chat(ask()));
    await settle();
    kernel.peer.fail(kernel.peer.last('llm.chat'), new SyscallError('disconnected', 'nobody has followed the call'));
    expect(await failed).toMatchObject({ code: 'disconnected' });
    const once = await kernel.connect({ reconnect: false });
    const lost = errorOf(once.chat(ask()));
    await settle();
    expect(kernel.peer.last('llm.chat').params).not.toHaveProperty('idempotencyKey');
    kernel.peer.cut();
    expect(await lost).toMatchObject({ code: 'disconnected' });
  });

  test('it is tried again with growing pauses, and after the last try the client ends with its error', async () => {
    const client = await kernel.connect({ reconnect: { baseMs: 100, attempts: 3 } });
    kernel.faults.push('refuse', 'refuse', 'refuse');
    kernel.peer.cut();
    const waiting = errorOf(client.chat(ask()));
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      await settle();
      pauses.push(kernel.tick());
    }
    expect(pauses).toEqual([100, 200, 400]);
    expect(await waiting).toMatchObject({ code: 'disconnected' });
    expect(await errorOf(client.stats())).toMatchObject({ code: 'disconnected' });
    expect([kernel.peers.length, kernel.timers.size]).toEqual([4, 0]);
  });

  test('a kernel that is busy says when to come back', async () => {
    const client = await kernel.connect();
    kernel.faults.push(new SyscallError('busy', 'full', { retryAfterMs: 7000 }));
    kernel.peer.cut();
    await settle();
    kernel.tick();
    await settle();
    expect(kernel.tick()).toBe(7000);
    await settle();
    expect(client.pid).toBe(3);
  });

  test('an error that no retry can help ends the client', async () => {
    const client = await kernel.connect();
    kernel.faults.push(new SyscallError('not-found', 'params.parent'));
    kernel.peer.cut();
    await settle();
    kernel.tick();
    expect(await errorOf(client.stats())).toMatchObject({ code: 'not-found' });
    expect(kernel.timers.size).toBe(0);
  });

  test.each([
    ['a killed process', 4001, 'cancelled'],
    ['a revoked token', 1008, 'unauthorized'],
  ] as const)('%s does not come back', async (_, closeCode, code) => {
    const client = await kernel.connect();
    const open = errorOf(client.chat(ask()));
    await settle();
    kernel.peer.cut(closeCode);
    expect(await open).toMatchObject({ code, retryable: false });
    expect(await errorOf(client.stats())).toMatchObject({ code, retryable: false });
    expect([kernel.peers.length, kernel.timers.size]).toEqual([1, 0]);
  });

  test('a client without reconnect stays disconnected', async () => {
    const client = await kernel.connect({ reconnect: false });
    kernel.peer.cut();
    expect(await errorOf(client.stats())).toMatchObject({ code: 'disconnected' });
    expect(kernel.timers.size).toBe(0);
  });
});

describe('while it is down', () => {
  test('an abort rejects the call that waits, and it is never sent', async () => {
    const client = await kernel.connect();
    kernel.peer.cut();
    await settle();
    const abort = new AbortController();
    const waiting = errorOf(client.chat(ask(), { signal: abort.signal }));
    await settle();
    abort.abort();
    expect(await waiting).toMatchObject({ code: 'cancelled' });
    kernel.tick();
    await settle();
    expect([kernel.peers.length, kernel.peer.requests]).toEqual([2, []]);
  });

  test.each([
    ['in a pause', async () => {}],
    [
      'in a handshake',
      async () => {
        kernel.faults.push('silent');
        kernel.tick();
        await settle();
      },
    ],
  ])('closing ends it %s', async (_, prepare) => {
    const client = await kernel.connect();
    kernel.peer.cut();
    await settle();
    await prepare();
    const waiting = errorOf(client.chat(ask()));
    await client.close();
    expect(await waiting).toMatchObject({ code: 'cancelled' });
    expect([kernel.timers.size, kernel.peers.filter(({ isOpen }) => isOpen).length]).toEqual([0, 0]);
  });
});
