import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from '../../agents/sdk/client.js';
import { bootKernel } from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';
import { uniform } from '../../schedulers/uniform.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import type { FakeReply } from '../support/fake-reply.js';
import { CutProxy, greeted } from './cut-proxy.js';

const AGENTS = 8;
/** Shares of what agents do with a call beside waiting for it, and of connections that live on. */
const SHARES = { stream: 0.5, cancel: 0.15, feedback: 0.5, keyed: 0.5, whole: 0.5 };

/** What a process holds when nothing runs. */
export interface Held {
  readonly heapMb: number;
  readonly resources: number;
  readonly descriptors: number;
}

export interface SoakReport {
  readonly calls: number;
  readonly cuts: number;
  /** One after each part of the time but the first two, which are to warm up. */
  readonly held: readonly Held[];
}

const FAULTS: readonly FakeReply[] = [
  { fault: { kind: 'status', status: 429, headers: { 'retry-after-ms': '20' } } },
  { text: 'half of an answer', fault: { kind: 'reset', after: 2 } },
  { fault: { kind: 'status', status: 503 } },
  { text: 'half of an answer', fault: { kind: 'cut', after: 2 } },
];

interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** 4 or more. @default 8 */
  readonly parts?: number;
}

const WARM_UP = 2;

/** Mixed load on a kernel in this process: streams, cancels, ratings, keys, faults of a provider, connections that are cut. */
export async function soak({ seconds, seed, parts = 8 }: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-soak-'));
  const draw = uniform(seed);
  const fake = await FakeOpenAI.start(() =>
    draw() < 0.1 ? (FAULTS[Math.floor(draw() * FAULTS.length)] as FakeReply) : { text: 'an answer of a provider' },
  );
  const kernel = await bootKernel(configOf(folder, fake.baseUrl), { env: { KEY: 'key-of-the-soak' } });
  const { port } = await kernel.listen();
  const held: Held[] = [];
  let calls = 0;
  let cuts = 0;
  for (let part = 0; part < parts; part++) {
    const proxy = await CutProxy.start(port, () => (draw() < SHARES.whole ? Infinity : 500 + draw() * 8000));
    const until = performance.now() + (seconds * 1000) / parts;
    const reconnect = { baseMs: 1, maxMs: 50, attempts: 10_000 };
    const url = `ws://127.0.0.1:${port}`;
    const work = async (n: number) => {
      const client = await greeted({ url: n % 2 === 0 ? proxy.url : url, name: `agent-${n}`, reconnect });
      while (performance.now() < until) {
        await act(client, draw, `k-${calls++}`);
      }
      await client.close();
    };
    await Promise.all(Array.from({ length: AGENTS }, (_, n) => work(n)));
    cuts += proxy.cuts;
    await proxy.close();
    // The provider is in this process, and remembers what it was asked.
    fake.requests.length = 0;
    if (part >= WARM_UP) held.push(await quiet());
  }
  await kernel.stop();
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
  return { calls, cuts, held };
}

async function act(client: Client, draw: () => number, key: string): Promise<void> {
  const controller = new AbortController();
  const isCancelled = draw() < SHARES.cancel;
  const timer = isCancelled ? setTimeout(() => controller.abort(), draw() * 30) : undefined;
  const params = {
    messages: [{ role: 'user' as const, content: `question ${Math.floor(draw() * 50)}` }],
    ...(draw() < SHARES.keyed ? { idempotencyKey: key } : {}),
  };
  try {
    let reply: { readonly syscallId: string };
    if (draw() < SHARES.stream) {
      const stream = client.stream(params, { signal: controller.signal });
      stream.reply.catch(() => {});
      for await (const _chunk of stream) void _chunk;
      reply = await stream.reply;
    } else reply = await client.chat(params, { signal: controller.signal });
    if (draw() < SHARES.feedback) await client.feedback(reply.syscallId, draw());
  } catch {
    // Cuts, cancels and faults are what this is about.
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    clearTimeout(timer);
  }
}

/** What is held once all that is on its way has ended. */
async function quiet(): Promise<Held> {
  setFlagsFromString('--expose_gc');
  const gc = runInNewContext('gc') as () => void;
  // Kept connections to the provider go after 4 s.
  await new Promise((resolve) => setTimeout(resolve, 5500));
  for (let pass = 0; pass < 3; pass++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length,
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

function configOf(folder: string, baseUrl: string) {
  const price = { inputPerMTok: 1, outputPerMTok: 1 };
  const config = {
    ...{ policy: 'round-robin:timeSliceMs=20', listen: { port: 0 }, log: { level: 'silent' } },
    journal: { path: join(folder, 'eccos.db') },
    // What is kept for a while on purpose is kept for a short one.
    limits: { finishedCalls: { ms: 1000, count: 100 }, orphanMs: 500, retryBackoffMs: { base: 5, max: 50 } },
    cores: [
      {
        ...{ kind: 'simulated', id: 'a', cap: 4, price, ttftMs: 2, prefillSpeed: 'unlimited', decodeSpeed: 3000 },
        ...{ answerTokens: { median: 40, spread: 0.5 }, chunkMs: 5 },
      },
      {
        ...{ kind: 'provider', id: 'b', model: 'm', cap: 4, price, baseUrl, apiKeyEnv: 'KEY' },
        breaker: { failures: 20, halfOpenAfterMs: 50 },
      },
    ],
  };
  return checkConfig(config, 'soak');
}
