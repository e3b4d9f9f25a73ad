import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../kernel/clock.js';
import type { JobEnd, JobId, JobRequest } from '../../../kernel/cluster/job.js';
import type { HeldJob } from '../../../kernel/cluster/job-taker.js';
import { Queues } from '../../../kernel/cluster/queues.js';
import { RedisServer, withRedis } from '../../support/redis-server.js';

const CORE = 'a';
const end = (text: string): JobEnd => ({ text, tokens: 1, outcome: { type: 'lost' }, health: {} });
const requestOf = (id: string): JobRequest => ({
  ...{ id, attempt: 1, params: { messages: [] }, inputTokens: 1, prefix: '', prefixTokens: 0, maxTokens: 1 },
});

async function queuesOn({ url }: { readonly url: string }): Promise<Queues> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, enableAutoPipelining: true });
  const log = pino({ level: 'silent' });
  const queues = await Queues.open({ redis, prefix: '{test}:', lockMs: 30_000, clock: realClock, log });
  onTestFinished(() => queues.close());
  return queues;
}

withRedis('the queues of the cores', () => {
  test('give each request to one worker, no more at once than the core takes, and keep its end', async () => {
    const server = await RedisServer.start();
    const seat = await queuesOn(server);
    await seat.bound(CORE, 7);
    let running = 0;
    let most = 0;
    const taken: JobId[] = [];
    const ended: JobId[] = [];
    const run = async ({ id, request }: HeldJob): Promise<JobEnd> => {
      taken.push(id);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return end(`of ${request.id}`);
    };
    for (const queues of [seat, await queuesOn(server)]) queues.take(CORE, run, (id) => ended.push(id));
    const ids = Array.from({ length: 60 }, (_, n) => `call-${n}`);
    await Promise.all(ids.map((id) => seat.add(CORE, id, requestOf(id))));
    await expect.poll(() => ended.length).toBe(60);
    expect(taken.toSorted()).toEqual(ids.toSorted());
    expect(ended.toSorted()).toEqual(ids.toSorted());
    expect(most).toBe(7);
    expect(await seat.stateOf(CORE, 'call-3')).toEqual({ type: 'ended', end: end('of call-3') });
    await seat.add(CORE, 'call-3', requestOf('call-3'));
    expect(taken).toHaveLength(60);
  });

  test('are left at a stop: what is in hand ends, and the rest waits for another worker', async () => {
    const server = await RedisServer.start();
    const seat = await queuesOn(server);
    await seat.bound(CORE, 1);
    const going = await queuesOn(server);
    const held: { readonly request: JobRequest; readonly finish: (end: JobEnd) => void }[] = [];
    const run = ({ request }: HeldJob) => new Promise<JobEnd>((finish) => held.push({ request, finish }));
    const taking = going.take(CORE, run, () => {});
    await seat.add(CORE, 'first', requestOf('first'));
    await expect.poll(() => held.length).toBe(1);
    await seat.add(CORE, 'second', requestOf('second'));
    const stopped = taking.stop();
    held[0]?.finish(end('of first'));
    await stopped;
    expect(held).toHaveLength(1);
    expect(await seat.stateOf(CORE, 'first')).toEqual({ type: 'ended', end: end('of first') });
    expect(await seat.stateOf(CORE, 'second')).toEqual({ type: 'open' });
    const ended: JobId[] = [];
    seat.take(
      CORE,
      async ({ request }) => end(request.id),
      (id) => ended.push(id),
    );
    await expect.poll(() => ended).toEqual(['second']);
  });
});
