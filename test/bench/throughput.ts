import PQueue from 'p-queue';
import WebSocket from 'ws';
import { type Client, connect } from '../../agents/sdk/client.js';
import { serve } from './child.js';
import { quantiles } from './measure.js';

const AGENTS = 100;
const SECONDS = 4;
const ROUNDS = 5;
const REQUEST = { messages: [{ role: 'user' as const, content: 'What is 2 + 2?' }], maxTokens: 1 };

/** No-op syscalls a second: 100 agents, each with one or eight calls under way; a bare socket echo and a bare p-queue beside them. */
export async function run(): Promise<void> {
  for (const depth of [1, 8]) {
    const rates = { kernel: [] as number[], echo: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      rates.kernel.push(await kernelRate(depth));
      rates.echo.push(await echoRate(depth));
    }
    console.log(
      `${AGENTS} agents x ${depth} under way: kernel ${quantiles(rates.kernel, 0)} syscalls/s | bare ws echo ${quantiles(rates.echo, 0)} messages/s`,
    );
  }
  const queue: number[] = [];
  for (let round = 0; round < ROUNDS; round++) queue.push(await queueRate());
  console.log(`bare p-queue, no socket: ${quantiles(queue, 0)} tasks/s`);
  console.log(`median [min, max] of ${ROUNDS} rounds of ${SECONDS} s; server on CPU 0, generator on the other`);
}

async function kernelRate(depth: number): Promise<number> {
  const served = await serve('kernel', 0);
  const clients: Client[] = [];
  for (let n = 0; n < AGENTS; n++) clients.push(await connect({ url: served.url, name: `agent-${n}` }));
  const rate = await rateOf(
    clients.flatMap((client) => Array.from({ length: depth }, () => () => client.chat(REQUEST))),
  );
  await Promise.all(clients.map((client) => client.close()));
  served.child.kill();
  return rate;
}

async function echoRate(depth: number): Promise<number> {
  const served = await serve('echo', 0);
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'llm.chat', params: REQUEST });
  const sockets = await Promise.all(Array.from({ length: AGENTS }, () => open(served.url)));
  const rate = await rateOf(
    sockets.flatMap((socket) => {
      const waiting: (() => void)[] = [];
      socket.on('message', () => waiting.shift()?.());
      const ask = () =>
        new Promise<void>((resolve) => {
          waiting.push(resolve);
          socket.send(text);
        });
      return Array.from({ length: depth }, () => ask);
    }),
  );
  for (const socket of sockets) socket.terminate();
  served.child.kill();
  return rate;
}

async function queueRate(): Promise<number> {
  const queue = new PQueue({ concurrency: 1000 });
  return rateOf(Array.from({ length: AGENTS }, () => () => queue.add(async () => {})));
}

/** Calls a second when each asker asks again as soon as it is answered; the first half second does not count. */
async function rateOf(askers: readonly (() => Promise<unknown>)[]): Promise<number> {
  let counted = 0;
  const start = performance.now();
  const from = start + 500;
  const until = from + SECONDS * 1000;
  await Promise.all(
    askers.map(async (ask) => {
      let turns = 0;
      for (let now = start; now < until; now = performance.now()) {
        await ask();
        if (now >= from) counted++;
        // A queue in this process answers in microtasks: let the clock and the sockets have their turn too.
        if (++turns % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  return counted / SECONDS;
}

function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
