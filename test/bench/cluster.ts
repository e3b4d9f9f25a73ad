import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Client, connect } from '../../agents/sdk/client.js';
import { RedisProcess } from '../support/redis-process.js';
import { cpuOf, type Served, serve } from './child.js';
import { quantiles } from './measure.js';

const AGENTS = 48;
const DEPTH = 8;
const SECONDS = 3;
const ROUNDS = 3;
const ALONE = 200;
const REQUEST = { messages: [{ role: 'user' as const, content: 'What is 2 + 2? '.repeat(30) }], maxTokens: 1 };
const LIMITS = { requestsPerSecond: 1e6, pendingPerAgent: 100_000, pendingTotal: 100_000 };
const SLOTS = 15;
const SLOW_CALLS = 150;

/** A core that answers after so long. */
function core(ttftMs: number, cap: number) {
  return {
    ...{ id: 'noop', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 }, cap, ttftMs },
    ...{ prefillSpeed: 'unlimited', decodeSpeed: 'unlimited', answerTokens: { median: 1, spread: 0 } },
  };
}

const SETTINGS = [
  { name: 'alone, with a journal', nodes: 1, cluster: undefined },
  { name: 'cluster, not spread', nodes: 1, cluster: { spread: false } },
  { name: 'cluster, 1 node', nodes: 1, cluster: {} },
  { name: 'cluster, 3 nodes', nodes: 3, cluster: {} },
] as const;

interface Measured {
  /** No-op calls a second. */
  readonly rate: number;
  /** Microseconds a call of all nodes, and of Redis; commands of Redis a call. */
  readonly cpuUs: number;
  readonly redisUs: number;
  readonly commands: number;
  /** Milliseconds of one call at a time. */
  readonly alone: number;
}

/**
 * What a second machine costs: no-op calls a second, processor time of nodes and of Redis a call, and time that one call takes when nothing
 * else is under way. All processes share this machine; the settings take turns.
 */
export async function run(): Promise<void> {
  const all = SETTINGS.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, setting] of SETTINGS.entries()) all[i]?.push(await measured(setting));
  }
  const of = (i: number, what: keyof Measured) => (all[i] ?? []).map((one) => one[what]);
  for (const [i, { name }] of SETTINGS.entries()) {
    console.log(
      [
        `${name.padEnd(22)} ${quantiles(of(i, 'rate'), 0)} calls/s`,
        `${quantiles(of(i, 'cpuUs'), 0)} us of nodes`,
        `${quantiles(of(i, 'redisUs'), 0)} us of Redis in ${quantiles(of(i, 'commands'), 0)} commands a call`,
        `one at a time ${quantiles(of(i, 'alone'), 1)} ms`,
      ].join(' | '),
    );
  }
  console.log(`median [min, max] of ${ROUNDS} rounds of ${SECONDS} s, ${AGENTS} agents x ${DEPTH} under way`);
  const used = await capsUsed();
  const [base = 0, pair = 0, one = 0] = SETTINGS.map((_, i) => median(of(i, 'rate')));
  const [aloneMs = 0, pairMs = 0, oneMs = 0] = SETTINGS.map((_, i) => median(of(i, 'alone')));
  gate('not spread: share of the rate alone', pair / base, (share) => share >= 0.5, '>= 0.5');
  gate('1 node: calls/s', one, (rate) => rate >= 300, '>= 300');
  gate('not spread: ms added to a call', pairMs - aloneMs, (ms) => ms <= 3, '<= 3');
  gate('1 node: ms added to a call', oneMs - aloneMs, (ms) => ms <= 15, '<= 15');
  gate('not spread: us of Redis a call', median(of(1, 'redisUs')), (us) => us <= 70, '<= 70');
  gate('1 node: us of Redis a call', median(of(2, 'redisUs')), (us) => us <= 350, '<= 350');
  gate(`3 nodes: share of ${SLOTS} slots used at 1 s answers`, used, (share) => share >= 0.85, '>= 0.85');
}

function gate(name: string, value: number, holds: (value: number) => boolean, wanted: string): void {
  console.log(`${name}: ${value.toFixed(2)}; gate ${wanted}: ${holds(value) ? 'met' : 'MISSED'}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function measured({ nodes, cluster }: (typeof SETTINGS)[number]): Promise<Measured> {
  return world(nodes, cluster, core(0, 1000), async (served, store) => {
    const clients = await agents(served, AGENTS);
    const until = (ms: number) => performance.now() + ms;
    const ask = async (client: Client, end: number) => {
      let calls = 0;
      for (; performance.now() < end; calls++) await client.chat(REQUEST);
      return calls;
    };
    const load = async (ms: number) => {
      const end = until(ms);
      const counts = clients.flatMap((client) => Array.from({ length: DEPTH }, () => ask(client, end)));
      return (await Promise.all(counts)).reduce((sum, calls) => sum + calls, 0);
    };
    await load(1000);
    const before = await Promise.all(served.map(cpuOf));
    const redisBefore = await usedBy(store);
    const calls = await load(SECONDS * 1000);
    const after = await Promise.all(served.map(cpuOf));
    const redisAfter = await usedBy(store);
    const cpuUs = after.reduce((sum, cpu, n) => sum + cpu - (before[n] ?? 0), 0) / calls;
    const times: number[] = [];
    for (let n = 0; n < ALONE; n++) {
      const startedAt = performance.now();
      await clients[0]?.chat(REQUEST);
      times.push(performance.now() - startedAt);
    }
    await Promise.all(clients.map((client) => client.close()));
    return {
      rate: calls / SECONDS,
      cpuUs,
      redisUs: (redisAfter.us - redisBefore.us) / calls,
      commands: (redisAfter.commands - redisBefore.commands) / calls,
      alone: median(times),
    };
  });
}

/** Share of the slots that are used while calls of a second wait for them. */
function capsUsed(): Promise<number> {
  return world(3, {}, core(1000, SLOTS), async (served) => {
    const clients = await agents(served, 3);
    await clients[0]?.chat(REQUEST);
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: SLOW_CALLS }, (_, n) => clients[n % 3]?.chat(REQUEST)));
    const seconds = (performance.now() - startedAt) / 1000;
    await Promise.all(clients.map((client) => client.close()));
    return SLOW_CALLS / SLOTS / seconds;
  });
}

/** Nodes in processes of their own, and the Redis that they share. */
async function world<Result>(
  nodes: number,
  cluster: object | undefined,
  core: object,
  use: (served: readonly Served[], store: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = await RedisProcess.boot();
  const folder = mkdtempSync(join(tmpdir(), 'eccos-bench-'));
  const kept =
    cluster === undefined
      ? { journal: { path: join(folder, 'eccos.db'), level: 'process' } }
      : { cluster: { redis: redis.url, ...cluster } };
  const config = JSON.stringify({ cores: [core], limits: LIMITS, ...kept });
  const served: Served[] = [];
  for (let n = 0; n < nodes; n++) served.push(await serve('config', undefined, config));
  const store = new Redis(redis.url);
  try {
    return await use(served, store);
  } finally {
    store.disconnect();
    for (const { child } of served) child.kill('SIGKILL');
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function agents(served: readonly Served[], count: number): Promise<Client[]> {
  const url = (n: number) => served[n % served.length]?.url ?? '';
  return Promise.all(Array.from({ length: count }, (_, n) => connect({ url: url(n), name: `agent-${n}` })));
}

async function usedBy(store: Redis): Promise<{ us: number; commands: number }> {
  const info = `${await store.info('cpu')}${await store.info('stats')}`;
  const read = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    us: 1e6 * (read('used_cpu_user') + read('used_cpu_sys')),
    commands: read('total_commands_processed'),
  };
}
