import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { messageText } from '../../syscalls/chat-message.js';
import { Shell } from '../agents/shell/eccos.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import { freePort } from '../support/free-port.js';
import { RedisProcess } from '../support/redis-process.js';
import type { Left, LeftCall, Target } from './target.js';

export const CAPS: Readonly<Record<string, number>> = { fast: 8, slow: 4 };

export interface ClusterOptions {
  /** @default 3 */
  readonly nodes?: number;
  /** Members of `cluster` in the config. */
  readonly cluster?: object;
  /** Settings of Redis. */
  readonly redis?: readonly string[];
  /** Real milliseconds before the first word of an answer, and between words, by model. */
  readonly delayMs?: Readonly<Record<string, number>>;
  /** Share of strikes that are SIGTERM. @default 1 / 3 */
  readonly gentle?: number;
}

/** One machine: its kernel is started again whenever it ends, as systemd does. */
class Machine {
  readonly url: string;
  readonly #file: string;
  shell: Shell;
  #isWanted = true;

  constructor(file: string, port: number) {
    this.#file = file;
    this.url = `ws://127.0.0.1:${port}`;
    this.shell = this.#start();
  }

  get isUp(): boolean {
    return this.shell.stdout.includes('ws://');
  }

  async end(): Promise<void> {
    this.#isWanted = false;
    this.shell.signal('SIGCONT');
    this.shell.signal('SIGTERM');
    await this.shell.ended();
  }

  #start(): Shell {
    const shell = new Shell(['boot', '--config', this.#file]);
    if (process.env['ECCOS_CHAOS_LOG'] !== undefined) shell.child.stderr?.pipe(process.stderr, { end: false });
    void shell.ended().then(() => {
      if (this.#isWanted) this.shell = this.#start();
    });
    return shell;
  }
}

/** Nodes on one Redis, and their provider, which counts what it is asked: the witness of caps and starts. */
export class ClusterProcess implements Target {
  readonly redis: RedisProcess;
  readonly provider: FakeOpenAI;
  readonly machines: readonly Machine[];
  readonly #gentle: number;

  private constructor(redis: RedisProcess, provider: FakeOpenAI, machines: readonly Machine[], gentle: number) {
    this.redis = redis;
    this.provider = provider;
    this.machines = machines;
    this.#gentle = gentle;
  }

  static async start(
    folder: string,
    { nodes = 3, cluster = {}, redis: settings = [], delayMs = {}, gentle = 1 / 3 }: ClusterOptions = {},
  ): Promise<ClusterProcess> {
    const redis = await RedisProcess.boot(settings);
    const provider = await FakeOpenAI.start(({ model }) => ({
      text: 'the answer in pieces',
      delayMs: delayMs[model] ?? (model === 'fast' ? 5 : 20),
    }));
    const core = (id: string) => ({
      ...{ id, kind: 'provider', provider: 'openai-compatible', model: id, baseUrl: provider.baseUrl, cap: CAPS[id] },
      price: { inputPerMTok: 1, outputPerMTok: 1 },
    });
    const machines: Machine[] = [];
    for (let n = 0; n < nodes; n++) {
      const port = await freePort();
      const file = join(folder, `node-${n}.json`);
      const config = {
        policy: 'fifo',
        listen: { port },
        log: { level: process.env['ECCOS_CHAOS_LOG'] ?? 'error' },
        limits: { drainMs: 2000 },
        cluster: { redis: redis.url, leaseMs: 2000, lockMs: 2000, ...cluster },
        cores: Object.keys(CAPS).map(core),
      };
      writeFileSync(file, JSON.stringify(config));
      machines.push(new Machine(file, port));
    }
    const target = new ClusterProcess(redis, provider, machines, gentle);
    await target.allUp();
    return target;
  }

  get urls(): readonly [string, ...string[]] {
    return this.machines.map(({ url }) => url) as [string, ...string[]];
  }

  async allUp(): Promise<void> {
    while (!this.machines.every(({ isUp }) => isUp)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Whichever machine it is, it holds the seat, asks cores and has agents, or does some of that. */
  async strike(draw: () => number): Promise<void> {
    const victim = this.machines[Math.floor(draw() * this.machines.length)] as Machine;
    while (!victim.isUp) await new Promise((resolve) => setTimeout(resolve, 10));
    const { shell } = victim;
    shell.signal(draw() < this.#gentle ? 'SIGTERM' : 'SIGKILL');
    await shell.ended();
  }

  async stop(): Promise<Left> {
    await Promise.all(this.machines.map((machine) => machine.end()));
    const left = await this.#left();
    await this.redis.stop();
    await this.provider.stop();
    return left;
  }

  /** Times that the provider was asked, by what. */
  get asked(): ReadonlyMap<string, number> {
    const asked = new Map<string, number>();
    for (const { body } of this.provider.requests) {
      const question = (body['messages'] as Parameters<typeof messageText>[0][]).map(messageText).join();
      asked.set(question, (asked.get(question) ?? 0) + 1);
    }
    return asked;
  }

  async #left(): Promise<Left> {
    const store = new Redis(this.redis.url);
    const ids = await store.keys('{eccos}:call:*');
    const rows = await Promise.all(ids.map((id) => store.hmget(id, 'key', 'end', 'reply')));
    const calls = rows.map(([key = '', end, reply]): LeftCall => {
      const status = end ? (JSON.parse(end) as { status: string }).status : undefined;
      return { key: key ?? '', status, end: reply ? JSON.parse(reply) : undefined };
    });
    const spent = await store.hgetall('{eccos}:spent');
    const open = await store.zcard('{eccos}:open');
    store.disconnect();
    const over = Object.entries(CAPS).flatMap(([id, cap]) => {
      const most = this.provider.maxInFlight.get(id) ?? 0;
      return most > cap ? [`${most} requests at once on ${id}, whose cap is ${cap}`] : [];
    });
    return {
      calls,
      spentUsd: Object.values(spent).reduce((sum, usd) => sum + Number(usd), 0),
      mostStarts: Math.max(0, ...this.asked.values()),
      violations: [...over, ...(open === 0 ? [] : [`${open} calls are still open`])],
    };
  }
}
