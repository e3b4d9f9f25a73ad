import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../agents/sdk/client.js';
import { cpuOf, type Served, serve } from './child.js';
import { percentile, quantiles } from './measure.js';

const CONNECTIONS = 50;
const CALLS = 4000;
const ROUNDS = 5;
const RATE = 500;
const SECONDS = 6;
const MESSAGES = [{ role: 'user' as const, content: 'What is 2 + 2?' }];
const CHAT = '/v1/chat/completions';

/** What a call over HTTP costs beside one over WebSocket, and how much time the kernel adds to an answer of 60 ms, beside a gateway. */
export async function run(args: readonly string[]): Promise<void> {
  if (args[0] !== 'latency') await costs();
  if (args[0] !== 'cpu') await latencies();
}

async function costs(): Promise<void> {
  const figures = { WebSocket: [] as number[], JSON: [] as number[], SSE: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const served = await serve('kernel', 0);
    const client = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, n) => connect({ url: served.url, name: `agent-${n}` })),
    );
    const http = new HttpClient(served.url.replace(/^ws/, 'http') + CHAT);
    const ask = { messages: MESSAGES, max_tokens: 1 };
    const kinds = {
      WebSocket: (n: number) => client[n]?.chat({ messages: MESSAGES, maxTokens: 1 }),
      JSON: () => http.post(ask),
      SSE: () => http.post({ ...ask, stream: true }),
    };
    for (const [name, call] of Object.entries(kinds))
      await cpuFor(served, call, name === 'WebSocket' ? CALLS : CALLS / 2);
    for (const [name, call] of Object.entries(kinds)) {
      figures[name as keyof typeof figures].push(await cpuFor(served, call, CALLS));
    }
    await Promise.all(client.map((one) => one.close()));
    http.close();
    served.child.kill();
  }
  const base = percentile(figures.WebSocket, 0.5);
  for (const [name, values] of Object.entries(figures)) {
    const times = values.map((value, round) => value / (figures.WebSocket[round] ?? base));
    console.log(
      `${name.padEnd(9)} CPU of the kernel: ${quantiles(values, 0)} us a call, ${quantiles(times, 2)} x WebSocket`,
    );
  }
  console.log(
    `median [min, max] of ${ROUNDS} rounds of ${CALLS} calls over ${CONNECTIONS} connections, after as many to warm up`,
  );
}

/** Microseconds of the server's CPU for one call. */
async function cpuFor(
  served: Served,
  call: (n: number) => Promise<unknown> | undefined,
  calls: number,
): Promise<number> {
  const before = await cpuOf(served);
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, n) => {
      for (let done = 0; done < calls / CONNECTIONS; done++) await call(n);
    }),
  );
  return ((await cpuOf(served)) - before) / calls;
}

async function latencies(): Promise<void> {
  const upstream = await serve('upstream', undefined);
  const proxy = await serve('proxy', 0, `${upstream.url}/v1`);
  const gateway = await startGateway();
  const targets = {
    direct: { url: upstream.url + CHAT, headers: {} },
    kernel: { url: proxy.url.replace(/^ws/, 'http') + CHAT, headers: {} },
    gateway: {
      url: gateway.url + CHAT,
      headers: {
        authorization: 'Bearer x',
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstream.url}/v1`,
      },
    },
  };
  const ask = { model: 'auto', messages: MESSAGES, max_tokens: 1 };
  for (const { url, headers } of Object.values(targets)) await openLoop(new HttpClient(url, headers), ask, RATE / 2, 3);
  for (let round = 0; round < 3; round++) {
    for (const [name, { url, headers }] of Object.entries(targets)) {
      const http = new HttpClient(url, headers);
      const { times, failed } = await openLoop(http, ask, RATE, SECONDS);
      const at = (share: number) => percentile(times, share).toFixed(2);
      console.log(`${name.padEnd(8)} at ${RATE}/s: p50 ${at(0.5)} ms | p99 ${at(0.99)} ms | ${failed} failed`);
      http.close();
    }
  }
  for (const [name, { url, headers }] of Object.entries(targets)) {
    const http = new HttpClient(url, headers);
    console.log(`${name.padEnd(8)} most: ${(await closedLoop(http, ask)).toFixed(0)} answers/s, 200 at a time`);
    http.close();
  }
  for (const { child } of [upstream, proxy, gateway]) child.kill();
}

/** Calls that come at a fixed rate, whether or not others have been answered. */
async function openLoop(http: HttpClient, ask: object, rate: number, seconds: number) {
  const times: number[] = [];
  let failed = 0;
  const start = performance.now();
  const calls = Array.from({ length: rate * seconds }, async (_, n) => {
    const due = start + (n * 1000) / rate;
    await sleep(due - performance.now());
    try {
      await http.post(ask);
      times.push(performance.now() - due);
    } catch {
      failed++;
    }
  });
  await Promise.all(calls);
  return { times, failed };
}

/** Answers a second. */
async function closedLoop(http: HttpClient, ask: object): Promise<number> {
  const until = performance.now() + SECONDS * 1000;
  let count = 0;
  const one = async () => {
    for (; performance.now() < until; count++) await http.post(ask);
  };
  await Promise.all(Array.from({ length: 200 }, one));
  return count / SECONDS;
}

class HttpClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  post(body: object): Promise<void> {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': text.length, ...this.#headers };
    return new Promise((resolve, reject) => {
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${response.statusCode}`)),
        );
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Portkey's gateway, on the same CPU as the kernel. */
async function startGateway(): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const folder = dirname(createRequire(import.meta.url).resolve('@portkey-ai/gateway/package.json'));
  const port = 18_787;
  const url = `http://127.0.0.1:${port}`;
  const command = ['-c', '0', process.execPath, join(folder, 'build/start-server.js'), '--headless', `--port=${port}`];
  const child = spawn('taskset', command, { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries++) {
    try {
      await fetch(url);
      return { url, child };
    } catch {
      await sleep(100);
    }
  }
  throw new Error('The gateway did not start');
}
