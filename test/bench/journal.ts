import { type Client, connect } from '../../agents/sdk/client.js';
import { cpuOf, serve } from './child.js';
import { quantiles } from './measure.js';

const AGENTS = 100;
const DEPTH = 8;
const SECONDS = 3;
const ROUNDS = 3;
/** About 450 characters, as calls usually have. */
const REQUEST = { messages: [{ role: 'user' as const, content: 'What is 2 + 2? '.repeat(30) }], maxTokens: 1 };

const SETTINGS = [
  { name: 'no journal, no key', key: false, level: undefined },
  { name: 'no journal, keys', key: true, level: undefined },
  { name: 'journal: process', key: true, level: 'process' },
  { name: 'journal: power', key: true, level: 'power' },
] as const;

/** What keys and a journal cost: no-op syscalls a second, and CPU of all threads of the kernel a call. The settings take turns. */
export async function run(): Promise<void> {
  const rates = SETTINGS.map((): number[] => []);
  const costs = SETTINGS.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, setting] of SETTINGS.entries()) {
      const { rate, cpuUs } = await measured(setting);
      rates[i]?.push(rate);
      costs[i]?.push(cpuUs);
    }
  }
  for (const [i, { name }] of SETTINGS.entries()) {
    const figures = `${quantiles(rates[i] ?? [], 0)} syscalls/s | ${quantiles(costs[i] ?? [], 1)} us of CPU a call`;
    console.log(`${name.padEnd(20)} ${figures}`);
  }
  console.log(`median [min, max] of ${ROUNDS} rounds of ${SECONDS} s, ${AGENTS} agents x ${DEPTH} under way`);
}

async function measured({ key, level }: (typeof SETTINGS)[number]): Promise<{ rate: number; cpuUs: number }> {
  const served = await serve('kernel', undefined, ...(level === undefined ? [] : [level]));
  const clients: Client[] = [];
  for (let n = 0; n < AGENTS; n++) {
    clients.push(await connect({ url: served.url, name: `agent-${n}`, ...(key ? {} : { reconnect: false }) }));
  }
  let calls = 0;
  const until = performance.now() + SECONDS * 1000;
  const before = await cpuOf(served);
  const ask = async (client: Client) => {
    while (performance.now() < until) {
      await client.chat(REQUEST);
      calls++;
    }
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: DEPTH }, () => ask(client))));
  const cpuUs = ((await cpuOf(served)) - before) / calls;
  await Promise.all(clients.map((client) => client.close()));
  served.child.kill();
  return { rate: calls / SECONDS, cpuUs };
}
