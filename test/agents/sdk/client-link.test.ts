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

  test('it says which pid it had, and of a parent that it knows by its pid the one that the kernel named', async () => {
    const client = await kernel.connect({ parent: 70 });
    kernel.parent = 71;
    for (const _ of [1, 2]) {
      kernel.peer.cut();
      await settle();
      kernel.tick();
      await settle();
    }
    expect(kernel.hellos).toMatchObject([{ parent: 70 }, { parent: 70, was: 1 }, { parent: 71, was: 2 }]);
    expect(client.pid).toBe(3);
  });

  test('a child waits for its parent, and comes back as the child of what that is now', async () => {
    const parent = await kernel.connect({ name: 'parent' });
    const child = await parent.spawn('child');
    const [first, second] = kernel.peers;
    second?.cut();
    first?.cut();
    await settle();
    const run = ([timer]: Iterable<{ readonly run: () => void }>) => {
      kernel.timers.delete(timer as never);
      timer?.run();
      return settle();
    };
    const [childTimer, parentTimer] = [...kernel.timers];
    await run([childTimer as never]);
    expect(kernel.hellos).toHaveLength(2);
    await run([parentTimer as never]);
    expect(kernel.hellos.slice(2)).toMatchObject([
      { name: 'parent', was: 1 },
      { name: 'child', was: 2, parent: 3 },
    ]);
    expect([parent.pid, child.pid]).toEqual([3, 4]);
  });

  test('a child that waits for its parent closes at once, and ends with it', async () => {
    const parent = await kernel.connect({ name: 'parent' });
    const [one, two] = [await parent.spawn('one'), await parent.spawn('two')];
    for (const peer of [...kernel.peers].toReversed()) peer.cut();
    await settle();
    const [twoTimer, oneTimer] = [...kernel.timers];
    for (const timer of [twoTimer, oneTimer]) {
      kernel.timers.delete(timer as never);
      timer?.run();
    }
    await settle();
    await one.close();
    expect(await errorOf(one.stats())).toMatchObject({ code: 'cancelled' });
    await parent.close();
    expect(await errorOf(two.stats())).toMatchObject({ code: 'cancelled' });
    expect([kernel.hellos.length, kernel.timers.size]).toEqual([3, 0]);
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
