import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { type ChatReply, type Client, connect } from '../../agents/sdk/client.js';
import { uniform } from '../../schedulers/uniform.js';
import { eccos, Shell } from '../agents/shell/eccos.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import { freePort } from '../support/free-port.js';
import { RedisServer, withRedis } from '../support/redis-server.js';

/** `CLUSTER_KILLS=200 CLUSTER_CALLS=100000` is the long run. */
const KILLS = Number(process.env['CLUSTER_KILLS'] ?? 5);
const CALLS = Number(process.env['CLUSTER_CALLS'] ?? 80 * KILLS);
const AGENTS = 12;
const LEASE_MS = 2000;
const CAPS = { fast: 8, slow: 4 };

/** One machine of the pair: it is started again whenever it ends, as systemd does. */
class Node {
  readonly url: string;
  readonly #file: string;
  shell: Shell;
  #isWanted = true;

  constructor(file: string, port: number) {
    this.#file = file;
    this.url = `ws://127.0.0.1:${port}`;
    this.shell = this.#start();
  }

  get serves(): boolean {
    return this.shell.stdout.includes('ws://');
  }

  async end(): Promise<void> {
    this.#isWanted = false;
    this.shell.signal('SIGTERM');
    await this.shell.ended();
  }

  #start(): Shell {
    const shell = new Shell(['boot', '--config', this.#file]);
    void shell.ended().then(() => {
      if (this.#isWanted) this.shell = this.#start();
    });
    return shell;
  }
}

interface Answered {
  readonly key: string;
  readonly reply: ChatReply;
  readonly read: string | undefined;
}

async function ask(client: Client, key: string, streams: boolean): Promise<Answered> {
  const params = { messages: [{ role: 'user' as const, content: `question ${key}` }], idempotencyKey: key };
  if (!streams) return { key, reply: await client.chat(params), read: undefined };
  const stream = client.stream(params);
  let read = '';
  for await (const { text, restart } of stream) read = restart ? text : read + text;
  return { key, reply: await stream.reply, read };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

withRedis('two nodes on one Redis', () => {
  test(`of which the one that serves is killed ${KILLS} times: every call ends once, caps hold`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eccos-cluster-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const redis = await RedisServer.start();
    const provider = await FakeOpenAI.start(({ model }) => ({
      text: 'the answer in pieces',
      delayMs: model === 'fast' ? 5 : 20,
    }));
    onTestFinished(() => provider.stop());
    const core = (id: keyof typeof CAPS) => ({
      ...{ id, kind: 'provider', provider: 'openai-compatible', model: id, baseUrl: provider.baseUrl, cap: CAPS[id] },
      price: { inputPerMTok: 1, outputPerMTok: 1 },
    });
    const nodeOn = async (n: number) => {
      const port = await freePort();
      const file = join(folder, `node-${n}.json`);
      const config = {
        policy: 'fifo',
        listen: { port },
        log: { level: 'error' },
        cluster: { redis: redis.url, leaseMs: LEASE_MS, lockMs: 2000 },
        cores: [core('fast'), core('slow')],
      };
      writeFileSync(file, JSON.stringify(config));
      return new Node(file, port);
    };
    const nodes = [await nodeOn(1), await nodeOn(2)] as const;
    onTestFinished(async () => {
      await Promise.all(nodes.map((node) => node.end()));
    });
    const serving = async () => {
      for (;;) {
        const found = nodes.find((node) => node.serves);
        if (found !== undefined) return found;
        await pause(10);
      }
    };
    await serving();
    const url = [nodes[0].url, nodes[1].url] as const;
    const reconnect = { baseMs: 20, maxMs: 200, attempts: 10_000 };
    const agents = await Promise.all(
      Array.from({ length: AGENTS }, (_, n) => connect({ url, name: `agent-${n}`, reconnect })),
    );
    const draw = uniform(7);
    const answers: Answered[] = [];
    let next = 0;
    const work = async (client: Client) => {
      while (next < CALLS) {
        const n = next++;
        answers.push(await ask(client, `k-${n}`, n % 2 === 0));
      }
    };
    const working = Promise.all(agents.flatMap((client) => [work(client), work(client)]));
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = Math.floor(((kill + 1) * CALLS) / (KILLS + 2));
      while (answers.length < enough) await pause(2 + 10 * draw());
      const victim = await serving();
      // One in three ends as at a rolling restart, and hands its calls over.
      victim.shell.signal(kill % 3 === 2 ? 'SIGTERM' : 'SIGKILL');
      await victim.shell.ended();
    }
    await working;
    const again = await ask(agents[0] as Client, 'k-0', false);
    await serving();
    const { stdout } = await eccos(['cluster', '--config', join(folder, 'node-1.json'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ seat: expect.any(String), openCalls: 0 });
    await Promise.all(agents.map((client) => client.close()));

    expect(answers).toHaveLength(CALLS);
    expect(again.reply).toEqual(answers.find(({ key }) => key === 'k-0')?.reply);
    for (const { read, reply } of answers) {
      expect(reply.text).toBe('the answer in pieces');
      if (read !== undefined) expect(read).toBe(reply.text);
    }
    for (const [id, cap] of Object.entries(CAPS)) expect(provider.maxInFlight.get(id) ?? 0).toBeLessThanOrEqual(cap);
    const store = new Redis(redis.url);
    onTestFinished(() => store.disconnect());
    // Each change of the seat can cost one more request for each slot that was taken.
    const changes = Number(await store.get('{eccos}:epoch')) - 1;
    expect(changes).toBeGreaterThanOrEqual(KILLS);
    expect(provider.requests.length).toBeLessThanOrEqual(CALLS + changes * (CAPS.fast + CAPS.slow));
    expect(await store.zcard('{eccos}:open')).toBe(0);
    const ids = (await store.keys('{eccos}:call:*')) as string[];
    expect(ids).toHaveLength(CALLS);
    const stored = await Promise.all(ids.map((id) => store.hmget(id, 'key', 'reply')));
    const replies = new Map(stored.map(([key, reply]) => [key, JSON.parse(String(reply)) as ChatReply]));
    for (const { key, reply } of answers) expect(replies.get(key)).toEqual(reply);
    expect(Number(Object.values(await store.hgetall('{eccos}:spent'))[0])).toBeCloseTo(
      answers.reduce((sum, { reply }) => sum + reply.costUsd, 0),
      9,
    );
  }, 240_000);
});
