import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../kernel/clock.js';
import { readOverview } from '../../../kernel/cluster/overview.js';
import { coreHash, Registry } from '../../../kernel/cluster/registry.js';
import { errorOf } from '../../support/kernel.js';
import { RedisServer, withRedis } from '../../support/redis-server.js';

test('what a reload may change is no part of what a core is', () => {
  const core = { id: 'a', kind: 'provider', model: 'm', cap: 4 };
  expect(coreHash({ ...core, cap: 9, requestsPerMinute: 5 })).toBe(coreHash(core));
  expect(coreHash({ ...core, model: 'n' })).not.toBe(coreHash(core));
});

withRedis('the list of nodes', () => {
  test('refuses a node with other cores by name, and shows roles and queues', async () => {
    const server = await RedisServer.start();
    const redis = new Redis(server.url);
    onTestFinished(() => redis.disconnect());
    const nodeOf = (node: string, ...cores: (readonly [string, string])[]) => {
      const card = { roles: ['door', 'worker'], cores };
      const registry = new Registry({ redis, prefix: '{test}:', node, card, leaseMs: 2000, clock: realClock });
      onTestFinished(() => registry.leave());
      return registry;
    };
    const first = nodeOf('one', ['a', '1'], ['b', '2']);
    await first.join();
    await nodeOf('two', ['a', '1'], ['b', '2']).join();
    const error = await errorOf(nodeOf('three', ['a', '1'], ['b', '3']).join());
    expect(error).toMatchObject({ code: 'invalid-config', message: expect.stringMatching(/node (one|two).*"b"/) });

    await redis.rpush('{test}:bull:core-a:wait', 'x', 'y');
    const options = { redis: server.url, prefix: 'test', durability: 'process' } as const;
    const overview = await readOverview(options, ['a'], {}, pino({ level: 'silent' }));
    expect(overview.nodes.map(({ name, roles }) => [name, roles])).toEqual([
      ['one', ['door', 'worker']],
      ['two', ['door', 'worker']],
    ]);
    expect(overview.queues).toEqual([{ core: 'a', waiting: 2, running: 0 }]);
  });
});
