import WebSocket from 'ws';
import { connect } from '../../agents/sdk/client.js';
import { serve } from './child.js';
import { percentile, quantiles } from './measure.js';

const CALLS = 3000;
/** Calls before that: compiling the hot path takes the first thousands. */
const WARM_UP = 4000;
const ROUNDS = 5;
const REQUEST = { messages: [{ role: 'user' as const, content: 'What is 2 + 2?' }], maxTokens: 1 };

/** Time that an idle kernel adds to a call whose core answers at once: one agent, one call at a time, through the socket; a bare echo beside it. */
export async function run(): Promise<void> {
  const figures = { kernel: [] as number[][], echo: [] as number[][] };
  for (let round = 0; round < ROUNDS; round++) {
    figures.kernel.push(await kernelTimes());
    figures.echo.push(await echoTimes());
  }
  for (const [name, rounds] of Object.entries(figures)) {
    const at = (share: number) =>
      quantiles(
        rounds.map((times) => percentile(times, share)),
        3,
      );
    console.log(`${name.padEnd(7)} p50 ${at(0.5)} ms | p99 ${at(0.99)} ms`);
  }
  console.log(
    `median [min, max] of ${ROUNDS} rounds of ${CALLS} calls, one after the other, after ${WARM_UP} to warm up`,
  );
}

async function kernelTimes(): Promise<number[]> {
  const served = await serve('kernel', 0);
  const client = await connect({ url: served.url, name: 'bench' });
  const times = await timesOf(() => client.chat(REQUEST));
  await client.close();
  served.child.kill();
  return times;
}

async function echoTimes(): Promise<number[]> {
  const served = await serve('echo', 0);
  const socket = new WebSocket(served.url, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'llm.chat', params: REQUEST });
  const times = await timesOf(
    () =>
      new Promise((resolve) => {
        socket.once('message', resolve);
        socket.send(text);
      }),
  );
  socket.terminate();
  served.child.kill();
  return times;
}

async function timesOf(ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < CALLS + WARM_UP; n++) {
    const start = performance.now();
    await ask();
    if (n >= WARM_UP) times.push(performance.now() - start);
  }
  return times;
}
