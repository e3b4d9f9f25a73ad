import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { messageText } from '../../syscalls/chat-message.js';
import { Shell } from '../agents/shell/eccos.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import { freePort } from '../support/free-port.js';
import { RedisProcess } from '../support/redis-process.js';
import type { Left, LeftCall, Target } from './target.js';

const CAPS: Readonly<Record<string, number>> = { fast: 8, slow: 4 };

export interface ClusterOptions {
  /** @default 3 */
  readonly nodes?: number;
  /** Members of `cluster` in the config. */
  readonly cluster?: object;
  /** Settings of Redis. */
  readonly redis?: readonly string[];
  /** Real milliseconds before the first word of an answer, and between words, by model. */
  readonly delayMs?: Readonly<Record<string, number>>;
  /**
   * What a strike is: `kill`: the end of a machine, one in three as at a rolling restart; `freeze`: a machine stands still for three
   * locks; `redis`: Redis is killed. @default kill
   */
  readonly strikes?: 'kill' | 'freeze' | 'redis';
  /** Of an answer. @default 4 */
  readonly words?: number;
  /** Members of each core. */
  readonly core?: object;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const LOCK_MS = 2000;
const GENTLE = 1 / 3;

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
  readonly #strikes: NonNullable<ClusterOptions['strikes']>;
  readonly #mayPass: boolean;
  /** Requests that were open when a machine was frozen, the most of each model: they may go on beside those that replace them. */
  readonly #frozen = new Map<string, number>();

  private constructor(
    redis: RedisProcess,
    provider: FakeOpenAI,
    machines: readonly Machine[],
    { strikes = 'kill', cluster = {} }: ClusterOptions,
  ) {
    this.redis = redis;
    this.provider = provider;
    this.machines = machines;
    this.#strikes = strikes;
    this.#mayPass = strikes === 'freeze' && !('slotQuarantineMs' in cluster);
  }

  static async start(folder: string, options: ClusterOptions = {}): Promise<ClusterProcess> {
    const { nodes = 3, cluster = {}, redis: settings = [], delayMs = {}, core: more = {}, words = 4 } = options;
    const redis = await RedisProcess.boot(settings);
    const provider = await FakeOpenAI.start(({ model }) => ({
      text: Array.from({ length: words }, (_, n) => `word-${n}`).join(' '),
      delayMs: delayMs[model] ?? (model === 'fast' ? 5 : 20),
    }));
    const core = (id: string) => ({
      ...{ id, kind: 'provider', provider: 'openai-compatible', model: id, baseUrl: provider.baseUrl, cap: CAPS[id] },
      price: { inputPerMTok: 1, outputPerMTok: 1 },
      ...more,
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
        cluster: { redis: redis.url, leaseMs: 2000, lockMs: LOCK_MS, ...cluster },
        cores: Object.keys(CAPS).map(core),
      };
      writeFileSync(file, JSON.stringify(config));
      machines.push(new Machine(file, port));
    }
    const target = new ClusterProcess(redis, provider, machines, options);
    await target.allUp();
    return target;
  }

  get urls(): readonly [string, ...string[]] {
    return this.machines.map(({ url }) => url) as [string, ...string[]];
  }

  async allUp(): Promise<void> {
    while (!this.machines.every(({ isUp }) => isUp)) await pause(10);
  }

  /** Any machine: it holds the seat, asks cores and has agents, or does some of that. */
  async strike(draw: () => number): Promise<void> {
    if (this.#strikes === 'redis') {
      await this.redis.kill();
      await pause(500 * draw());
      await this.redis.again();
      return;
    }
    const victim = this.machines[Math.floor(draw() * this.machines.length)] as Machine;
    while (!victim.isUp) await pause(10);
    const { shell } = victim;
    if (this.#strikes === 'kill') {
      shell.signal(draw() < GENTLE ? 'SIGTERM' : 'SIGKILL');
      await shell.ended();
      return;
    }
    for (const [model, count] of this.provider.inFlight) {
      this.#frozen.set(model, Math.max(count, this.#frozen.get(model) ?? 0));
    }
    shell.signal('SIGSTOP');
    await pause(3 * LOCK_MS);
    shell.signal('SIGCONT');
  }

  /** The machine that holds the seat. */
  async seat(): Promise<Machine> {
    const store = new Redis(this.redis.url);
    const name = await store.get('{eccos}:seat');
    store.disconnect();
    const found = this.machines.find(({ shell }) => name?.includes(`-${shell.child.pid}-`));
    if (found !== undefined) return found;
    await pause(50);
    return this.seat();
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
    const rows = await Promise.all(ids.map((id) => store.hmget(id, 'call', 'end', 'reply')));
    const calls = rows.map(([call, end, reply]): LeftCall => {
      const { key = '' } = JSON.parse(call ?? '{}') as { key?: string };
      const status = end ? (JSON.parse(end) as { status: string }).status : undefined;
      return { key, status, end: reply ? JSON.parse(reply) : undefined };
    });
    const spent = await store.hgetall('{eccos}:spent');
    const open = await store.zcard('{eccos}:open');
    store.disconnect();
    const over = Object.entries(CAPS).flatMap(([id, cap]) => {
      const most = this.provider.maxInFlight.get(id) ?? 0;
      const allowed = cap + (this.#mayPass ? (this.#frozen.get(id) ?? 0) : 0);
      return most > allowed ? [`${most} requests at once on ${id}, where ${allowed} may be`] : [];
    });
    return {
      calls,
      spentUsd: Object.values(spent).reduce((sum, usd) => sum + Number(usd), 0),
      mostStarts: Math.max(0, ...this.asked.values()),
      violations: [...over, ...(open === 0 ? [] : [`${open} calls are still open`])],
    };
  }
}
