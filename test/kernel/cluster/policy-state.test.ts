import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { bootKernel, defaultConfig, type KernelConfig } from '../../../kernel/boot.js';
import { PolicyState } from '../../../kernel/cluster/policy-state.js';
import { clusterConfig } from '../../../kernel/config/cluster-config.js';
import { RoundRobin } from '../../../schedulers/round-robin.js';
import { RedisServer, withRedis } from '../../support/redis-server.js';

const PREFIX = '{test}:';

function connectionTo({ url }: RedisServer): Redis {
  const redis = new Redis(url);
  onTestFinished(() => void redis.disconnect());
  return redis;
}

withRedis('what a policy has learnt in Redis', () => {
  test('is the same bytes for the next holder of the seat, and a holder of an earlier epoch changes nothing', async () => {
    const redis = connectionTo(await RedisServer.start());
    await redis.set(`${PREFIX}epoch`, 1);
    const first = new PolicyState(redis, PREFIX, 1);
    expect(await first.read('mine')).toBeUndefined();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await first.write('mine', bytes);
    await redis.incr(`${PREFIX}epoch`);
    const second = new PolicyState(redis, PREFIX, 2);
    expect(Uint8Array.from((await second.read('mine'))!)).toEqual(bytes);
    expect(await second.read('other')).toBeUndefined();
    await second.write('mine', Uint8Array.of(2));
    await first.write('mine', Uint8Array.of(1));
    expect([...(await second.read('mine'))!]).toEqual([2]);
  });

  test('is restored by the node that takes the seat before it schedules, and refused by name where it is damaged', async () => {
    const server = await RedisServer.start();
    const redis = connectionTo(server);
    const cluster = clusterConfig.parse({ redis: server.url, prefix: 'test', leaseMs: 1000, spread: false });
    const config: KernelConfig = { ...defaultConfig(), cluster, log: { level: 'warn' } };
    const logged: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
    const boot = async () => {
      const policy = new RoundRobin();
      const kernel = await bootKernel(config, { policy, log });
      onTestFinished(() => kernel.stop());
      return { kernel, turns: Buffer.from(policy.snapshot()).toString() };
    };
    const { kernel: first, turns: fresh } = await boot();
    const agent = first.connect({ name: 'agent' });
    await agent.call('llm.chat', { messages: [{ role: 'user', content: 'What is 2 + 2?' }], maxTokens: 1 });
    await first.stop();
    const { kernel: second, turns } = await boot();
    expect(turns).not.toBe(fresh);
    expect(turns).toContain('"lastCore"');
    await second.stop();

    await redis.append(`${PREFIX}policy:round-robin`, 'x');
    const { turns: anew } = await boot();
    expect(anew).toBe(fresh);
    expect(logged).toEqual([
      expect.stringMatching(/^the policy begins anew: Expected what was learnt to be whole, got/),
    ]);
  });
});
