import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { type ChatStream, type Client, type ConnectOptions, connect } from '../../../agents/sdk/client.js';
import type { Socket } from '../../../agents/sdk/client-socket.js';
import { pause, realPlatform } from '../../../agents/sdk/platform.js';
import { openSocket } from '../../../agents/sdk/socket.js';
import { type BootedKernel, bootKernel, type KernelConfig } from '../../../kernel/boot.js';
import { ask, errorOf } from '../../support/kernel.js';
import { kernelConfig, slowConfig } from './client-real-kernel.js';

let kernel: BootedKernel;
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await kernel.stop();
});

async function boot(config: KernelConfig) {
  kernel = await bootKernel(config);
  const { url, port } = await kernel.listen();
  const join = async (options: Partial<ConnectOptions> = {}) => {
    const client = await connect({ url, name: 'agent', ...options });
    clients.push(client);
    return client;
  };
  return { url, port, join };
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, now: () => controller.abort() };
}

describe('over a real socket', () => {
  test('a call is answered with core, reason, usage, cost and times', async () => {
    const { join } = await boot(kernelConfig());
    const client = await join();
    const reply = await client.chat(ask());
    expect(reply).toMatchObject({ core: 'quick', attempts: 1, reason: expect.any(String) });
    expect(reply.costUsd).toBeGreaterThan(0);
    await client.feedback(reply.syscallId, 1);
    expect(await client.cancel(reply.syscallId)).toBe(false);
    expect((await client.stats()).syscalls).toMatchObject({ accepted: 1, done: 1 });
    expect((await client.cores()).map(({ id }) => id)).toEqual(['quick']);
    expect((await client.ps()).processes).toMatchObject([{ pid: client.pid, name: 'agent', finished: 1 }]);
  });

  test('a stream is the text of the reply, in more than one piece', async () => {
    const { join } = await boot(slowConfig({ limits: { chunkMs: 0 } }, 50));
    const stream = (await join()).stream({ ...ask(), maxTokens: 20 });
    const pieces: string[] = [];
    for await (const { text } of stream) pieces.push(text);
    expect(pieces.join('')).toBe((await stream.reply).text);
    expect(pieces.length).toBeGreaterThan(1);
  });

  test('a hundred calls share a signal without a warning, and all end with it', async () => {
    const warnings: Error[] = [];
    // Other warnings may be due to what another test of this process has left behind.
    const heard = (warning: Error) => void (warning.name.startsWith('MaxListeners') && warnings.push(warning));
    process.on('warning', heard);
    const { join } = await boot(slowConfig());
    const client = await join();
    const local = kernel.connect({ name: 'local' });
    const { signal, ...abort } = abortable();
    const calls = Array.from({ length: 100 }, (_, n) => [
      client.chat(ask(`${n}`), { signal }),
      client.stream(ask(`${n}`), { signal }).reply,
      local.call('llm.chat', ask(`${n}`), { signal }),
      pause(realPlatform, 60_000, signal),
    ]).flat();
    const ended = Promise.allSettled(calls);
    await expect.poll(() => kernel.stats().syscalls.accepted).toBe(300);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort.now();
    expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect.poll(() => kernel.stats().syscalls.cancelled).toBe(300);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    // Warnings come in a turn of their own.
    await new Promise(setImmediate);
    process.off('warning', heard);
    expect(warnings).toEqual([]);
  });

  test('calls that were answered leave nothing on their signal', async () => {
    const { join } = await boot(kernelConfig());
    const client = await join();
    const { signal } = abortable();
    await Promise.all(Array.from({ length: 20 }, () => client.chat(ask(), { signal })));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('an abort and a left loop free the core', async () => {
    const { join } = await boot(slowConfig());
    const client = await join();
    const abort = new AbortController();
    const aborted = errorOf(client.chat(ask(), { signal: abort.signal }));
    await expect.poll(() => kernel.cores()[0]?.running).toBe(1);
    abort.abort();
    expect(await aborted).toMatchObject({ code: 'cancelled' });
    await expect.poll(() => kernel.cores()[0]?.running).toBe(0);
    const stream = client.stream({ ...ask('again'), maxTokens: 1000 });
    for await (const _ of stream) break;
    await expect.poll(() => kernel.cores()[0]?.running).toBe(0);
    expect(kernel.stats().syscalls).toMatchObject({ accepted: 2, cancelled: 2 });
  });

  test('killing a parent ends its children, which do not come back', async () => {
    const { join } = await boot(slowConfig());
    const parent = await join();
    const child = await parent.spawn('child');
    clients.push(child);
    const open = errorOf(child.chat(ask()));
    await expect.poll(() => kernel.cores()[0]?.running).toBe(1);
    expect(await (await join()).kill(parent.pid)).toEqual([parent.pid, child.pid]);
    expect(await open).toMatchObject({ code: 'cancelled' });
    await expect
      .poll(() => errorOf(child.stats()))
      .toMatchObject({ code: 'cancelled', message: 'The process was killed' });
  });

  test('a wrong token is refused and the right one says whose calls they are', async () => {
    const sha256 = createHash('sha256').update('right').digest('hex');
    const { join } = await boot(kernelConfig({ auth: { tokens: [{ name: 'me', sha256, tenant: 'acme' }] } }));
    for (const token of [undefined, 'wrong']) {
      expect(await errorOf(join({ token }))).toMatchObject({ code: 'unauthorized', retryable: false });
    }
    expect((await join({ token: 'right' })).hello.tenant).toBe('acme');
  });

  test('a client comes back to a kernel that was booted again', async () => {
    const { port, join } = await boot(kernelConfig());
    const client = await join({ reconnect: { baseMs: 5, maxMs: 20, attempts: 1000 } });
    await kernel.stop();
    kernel = await bootKernel(kernelConfig({ listen: { port } }));
    await kernel.listen();
    await expect.poll(async () => (await client.stats()).agents).toBe(1);
    expect((await client.chat(ask())).core).toBe('quick');
  });

  test('a family is one again after its kernel was booted again, in whatever order they come back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eccos-family-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const config = (port: number) => kernelConfig({ listen: { port }, journal: { path: join(folder, 'eccos.db') } });
    const { port, join: enter } = await boot(config(0));
    const slow = { baseMs: 400, maxMs: 400, attempts: 1000 };
    const parent = await enter({ name: 'parent', reconnect: slow });
    // One that knows its parent by its client, one that knows it by its pid, and a child of that one.
    const child = await parent.spawn('child');
    const quick = { baseMs: 5, maxMs: 20, attempts: 1000 };
    const foreign = await enter({ name: 'foreign', parent: parent.pid, reconnect: quick });
    const grandchild = await enter({ name: 'grandchild', parent: foreign.pid, reconnect: quick });
    clients.push(child);
    for (let n = 0; n < 2; n++) {
      await kernel.stop();
      kernel = await bootKernel(config(port));
      await kernel.listen();
      const family = async () => {
        const { processes } = await parent.ps();
        const nameOf = new Map(processes.map(({ pid, name }) => [pid, name]));
        return processes.map(({ name, parent = 0 }) => `${name} of ${nameOf.get(parent) ?? 'none'}`).toSorted();
      };
      await expect
        .poll(family)
        .toEqual(['child of parent', 'foreign of parent', 'grandchild of foreign', 'parent of none']);
    }
    expect(await parent.kill(parent.pid).catch(() => [])).toBeDefined();
    for (const one of [child, foreign, grandchild]) await expect.poll(() => one.isEnded).toBe(true);
  }, 60_000);

  test('whatever is cut, aborted or left, every call settles, and nothing is left over', async () => {
    const { join } = await boot(kernelConfig({ limits: { chunkMs: 0 } }));
    let socket: Socket | undefined;
    const client = await join({
      reconnect: { baseMs: 1, maxMs: 5, attempts: 100 },
      openSocket(target, events) {
        socket = openSocket(target, events);
        return socket;
      },
    });
    const oneOf = seeded(7);
    const read = async (stream: ChatStream, most: number) => {
      let count = 0;
      for await (const _ of stream) if (++count === most) break;
      return stream.reply;
    };
    const codes: unknown[] = [];
    for (let round = 0; round < 40; round++) {
      const abort = new AbortController();
      const calls = Array.from({ length: 6 }, (_, n) => {
        const options = oneOf(3) === 0 ? { signal: abort.signal } : {};
        const params = ask(`question ${round}.${n}`);
        return oneOf(2) === 0 ? client.chat(params, options) : read(client.stream(params, options), oneOf(6));
      });
      const ended = Promise.allSettled(calls);
      for (let turns = oneOf(30); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      if (oneOf(2) === 0) abort.abort();
      if (oneOf(4) === 0) socket?.cut();
      codes.push(...(await ended).map((end) => (end.status === 'fulfilled' ? 'done' : end.reason.code)));
    }
    expect(codes).toHaveLength(240);
    expect(new Set(codes)).toEqual(new Set(['done', 'cancelled']));
    await expect.poll(() => kernel.stats()).toMatchObject({ agents: 1, syscalls: { running: 0, pending: 0 } });
    const { accepted, done, failed, cancelled } = kernel.stats().syscalls;
    expect([failed, done + cancelled]).toEqual([0, accepted]);
  });

  test('the error of a missing kernel names its address', async () => {
    const { url, join } = await boot(kernelConfig());
    await kernel.stop();
    const error = await errorOf(join({ url }));
    expect(error).toMatchObject({ code: 'disconnected', retryable: true });
    expect(error['message']).toContain(url);
  });
});

/** Whole numbers from 0 up to a bound, the same in every run. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * bound);
  };
}
