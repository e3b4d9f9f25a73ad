import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { StoredCall } from '../../../kernel/call/journal.js';
import { realClock } from '../../../kernel/clock.js';
import { type ClusterOptions, RedisJournal } from '../../../kernel/cluster/redis-journal.js';
import { periodAt } from '../../../syscalls/budget.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { errorOf } from '../../support/kernel.js';
import { RedisServer, withRedis } from '../../support/redis-server.js';

const log = pino({ level: 'silent' });

function optionsFor({ url }: { readonly url: string }, more: Partial<ClusterOptions> = {}): ClusterOptions {
  return {
    ...{ redis: url, prefix: 'test', durability: 'process', leaseMs: 500, keepMs: 60_000, prompts: 'keep' },
    ...more,
  };
}

let nodes = 0;
function journalOn(server: { readonly url: string }, more: Partial<ClusterOptions> = {}): RedisJournal {
  const node = `node-${++nodes}`;
  const journal = new RedisJournal({ options: optionsFor(server, more), node, env: {}, clock: realClock, log });
  onTestFinished(() => journal.close());
  return journal;
}

function callOf(id: string, more: Partial<StoredCall> = {}): StoredCall {
  return {
    id,
    caller: { pid: 7, program: 7, tenant: 'acme', principal: 'team' },
    agent: 'agent',
    at: 1000,
    expiresAt: undefined,
    priority: 3,
    budgetUsd: Number.POSITIVE_INFINITY,
    cores: ['a', 'b'],
    key: `key of ${id}`,
    fingerprint: 'f',
    task: undefined,
    params: { messages: [{ role: 'user', content: 'half \ud83d \u0000 "quoted"' }] },
    attempts: 0,
    ...more,
  };
}

const accepted = (call: StoredCall) => ({ type: 'accepted', id: call.id, at: call.at, call }) as const;
const ended = (id: string, costUsd = 0.25, key = `key of ${id}`) =>
  ({
    type: 'ended',
    ...{ id, owner: 'team', key },
    at: 2000,
    status: 'failed',
    core: 'a',
    inputTokens: 1,
    outputTokens: 2,
    costUsd,
    end: new SyscallError('core-failed', 'broken').toRpc(),
  }) as const;

withRedis('a journal in Redis', () => {
  test('gives the next holder of the seat all that was open, in order, with starts and money', async () => {
    const server = await RedisServer.start();
    const first = journalOn(server);
    expect(await first.restore(Date.now())).toEqual({
      ...{ firstPid: 1, open: [], starts: [], spentUsd: new Map(), spentUsdBy: new Map() },
    });
    const calls = [callOf('c'), callOf('b', { budgetUsd: 2, key: undefined, cores: undefined }), callOf('a')];
    await Promise.all(calls.map((call) => first.append(accepted(call))));
    await first.append({ type: 'started', id: 'c', at: 1500, core: 'core with spaces', attempt: 1, tokens: 512 });
    await first.append({ type: 'started', id: 'a', at: 1500, core: 'b', attempt: 1, tokens: 9 });
    await first.append(ended('a'));
    await first.append(ended('a', 99));
    await first.close();

    const left = await journalOn(server).restore(Date.now());
    expect(left.firstPid).toBe(1_000_001);
    expect(left.open).toEqual([{ ...calls[0], attempts: 1, lastCore: 'core with spaces' }, calls[1]]);
    expect(left.spentUsd).toEqual(new Map([['team', 0.25]]));
    // Of the same millisecond, in any order.
    expect(left.starts.toSorted((a, b) => b.tokens - a.tokens)).toEqual([
      { core: 'core with spaces', at: expect.any(Number), tokens: 512, isOpen: true },
      { core: 'b', at: expect.any(Number), tokens: 9, isOpen: false },
    ]);
    // It ended in 1970.
    expect(left.spentUsdBy).toEqual(new Map());
    for (const { at } of left.starts) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  });

  test('takes thousands of facts in one group, and knows nothing of a call that was never accepted', async () => {
    const server = await RedisServer.start();
    const journal = journalOn(server);
    await journal.restore(Date.now());
    const ids = Array.from({ length: 4096 }, (_, n) => `call-${n}`);
    const started = (id: string) => ({ type: 'started', id, at: 1500, core: 'a', attempt: 2, tokens: 1 }) as const;
    await Promise.all(ids.map((id) => journal.append(accepted(callOf(id)))));
    await Promise.all([...ids, 'never'].map((id) => journal.append(started(id))));
    await Promise.all([...ids.slice(1), 'never'].map((id) => journal.append(ended(id))));
    await journal.close();
    const left = await journalOn(server).restore(Date.now());
    expect(left.open).toEqual([{ ...callOf('call-0'), attempts: 2, lastCore: 'a' }]);
    expect([left.starts.length, left.spentUsd.get('team')]).toEqual([4096, 4095 * 0.25]);
    const store = new Redis(server.url);
    onTestFinished(() => store.disconnect());
    expect(await store.hkeys('{test}:tries')).toEqual(['call-0']);
  });

  test('gives back what was spent in this month and day, each call once', async () => {
    const server = await RedisServer.start();
    const journal = journalOn(server);
    const now = Date.now();
    await journal.restore(now);
    const { start } = periodAt('month', now);
    for (const [id, at] of [
      ['now', now],
      ['now', now],
      ['before', start - 1],
    ] as const) {
      await journal.append(accepted(callOf(id, { budgetUsdBy: { day: 3 } })));
      await journal.append({ ...ended(id), at });
    }
    await journal.append(accepted(callOf('open', { budgetUsdBy: { day: 3 } })));
    await journal.close();
    const { spentUsdBy, spentUsd, open } = await journalOn(server).restore(now);
    expect(spentUsdBy).toEqual(new Map([['team', { day: 0.25, month: 0.25 }]]));
    expect([spentUsd.get('team'), open[0]?.budgetUsdBy]).toEqual([0.5, { day: 3 }]);
  });

  test('finds a call by its id, an ended one by its key, and the end that was written first', async () => {
    const server = await RedisServer.start();
    const journal = journalOn(server);
    await journal.restore(Date.now());
    await journal.append(accepted(callOf('a')));
    expect(await journal.find({ id: 'a' })).toEqual({ call: callOf('a') });
    await journal.append(ended('a'));
    expect((await journal.find({ owner: 'team', key: 'key of a' }))?.call).toEqual(callOf('a'));
    await journal.append({ type: 'rated', id: 'a', at: 3000, quality: 0.5 });
    await journal.append({ type: 'rated', id: 'a', at: 3000, quality: 1 });
    const found = await journal.find({ id: 'a' });
    expect(found?.ended).toMatchObject({ status: 'failed', costUsd: 0.25, rated: 0.5, end: { message: 'broken' } });
    expect(await journal.find({ owner: 'other', key: 'key of a' })).toBeUndefined();
    await journal.append(accepted(callOf('b', { key: 'key of a' })));
    await journal.append(ended('b', 0.25, 'key of a'));
    expect((await journal.find({ owner: 'team', key: 'key of a' }))?.call.id).toBe('b');
  });

  test('lets ended calls go after their time, and drops prompts where it is to', async () => {
    const server = await RedisServer.start();
    const journal = journalOn(server, { keepMs: 50, prompts: 'drop' });
    await journal.restore(Date.now());
    await journal.append(accepted(callOf('a')));
    await journal.append(accepted(callOf('open')));
    await journal.append(ended('a'));
    await expect.poll(() => journal.find({ id: 'a' })).toBeUndefined();
    expect(await journal.find({ owner: 'team', key: 'key of a' })).toBeUndefined();
    expect((await journal.find({ id: 'open' }))?.call.params.messages).toHaveLength(1);
  });

  test('a group that is written again counts its money once, and leaves its prompts dropped', async () => {
    const server = await RedisServer.start();
    const journal = journalOn(server, { prompts: 'drop' });
    await journal.restore(Date.now());
    const write = () => Promise.all([journal.append(accepted(callOf('a'))), journal.append(ended('a'))]);
    await write();
    await write();
    const found = await journal.find({ id: 'a' });
    expect([found?.call.params, found?.ended?.costUsd]).toEqual([{}, 0.25]);
    await journal.close();
    expect((await journalOn(server).restore(Date.now())).spentUsd).toEqual(new Map([['team', 0.25]]));
  });

  test('takes no call in from 80 % of the memory of Redis on, and again when there is room', async () => {
    const server = await RedisServer.start(['--maxmemory', '40mb']);
    const journal = journalOn(server);
    await journal.restore(Date.now());
    const store = new Redis(server.url);
    onTestFinished(() => store.disconnect());
    const much = Array.from({ length: 33 }, (_, n) => `much-${n}`);
    for (const key of much) await store.set(key, 'x'.repeat(1_000_000));
    const taken = (id: string) =>
      journal.append(accepted(callOf(id))).then(
        () => true,
        () => false,
      );
    while (await taken(`full-${Math.random()}`)) await new Promise((resolve) => setTimeout(resolve, 50));
    await store.del(much);
    while (!(await taken(`free-${Math.random()}`))) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  test('makes a second kernel wait, which then fences off the first', async () => {
    const server = await RedisServer.start();
    const first = journalOn(server);
    await first.restore(Date.now());
    await first.append(accepted(callOf('a')));
    const second = journalOn(server);
    let isUp = false;
    const taking = second.restore(Date.now()).then((left) => {
      isUp = true;
      return left;
    });
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(isUp).toBe(false);
    // As if the first had been frozen past its lease.
    const { Redis } = await import('ioredis');
    const redis = new Redis(server.url);
    await redis.del('{test}:seat');
    redis.disconnect();
    expect((await taking).open.map(({ id }) => id)).toEqual(['a']);
    expect(await errorOf(first.append(accepted(callOf('b'))))).toMatchObject({
      message: expect.stringContaining('FENCED'),
    });
    expect(first.lost.aborted).toBe(true);
    expect((await second.find({ id: 'b' }))?.call).toBeUndefined();
  });

  test('refuses calls while Redis is away, and writes what it owes when it is back', async () => {
    const server = await RedisServer.start(['--appendfsync', 'always']);
    const journal = journalOn(server, { leaseMs: 20_000, durability: 'power' });
    await journal.restore(Date.now());
    await journal.append(accepted(callOf('a')));
    await server.kill();
    await errorOf(journal.append(accepted(callOf('b'))));
    const ending = journal.append(ended('a'));
    await server.again();
    await ending;
    expect((await journal.find({ id: 'a' }))?.ended?.status).toBe('failed');
    expect(await journal.find({ id: 'b' })).toBeUndefined();
  });
});

withRedis('Redis is refused by name', () => {
  test.each<[string, readonly string[], Partial<ClusterOptions>, RegExp]>([
    ['that evicts', ['--maxmemory-policy', 'allkeys-lru'], {}, /maxmemory-policy to be noeviction, got allkeys-lru$/],
    ['that keeps no file', ['--appendonly', 'no'], {}, /appendonly to be yes, got no$/],
    ['that syncs too late', [], { durability: 'power' }, /appendfsync to be always, got everysec$/],
    ['whose password is not set', [], { passwordEnv: 'NOT_SET' }, /passwordEnv: .* NOT_SET to hold a password$/],
  ])('%s', async (_, settings, options, message) => {
    const server = await RedisServer.start(settings);
    const error = await errorOf(journalOn(server, options).restore(Date.now()));
    expect(error).toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
  });

  test('that is not there', async () => {
    const error = await errorOf(journalOn({ url: 'redis://127.0.0.1:9' }).restore(Date.now()));
    expect(error).toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/^cluster\.redis: redis:\/\/127\.0\.0\.1:9: .+/),
    });
  });
});
