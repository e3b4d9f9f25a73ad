import { type Client, connect } from '../../agents/sdk/client.js';
import { cpuOf, delayOf, mainCpuOf, serve } from './child.js';
import { quantiles } from './measure.js';

const AGENTS = 100;
const DEPTH = 8;
const SECONDS = 3;
const ROUNDS = 5;
/** About 450 characters, as calls usually have. */
const REQUEST = { messages: [{ role: 'user' as const, content: 'What is 2 + 2? '.repeat(30) }], maxTokens: 1 };

const SETTINGS = [
  { name: 'no journal, no key', key: false, level: undefined },
  { name: 'no journal, keys', key: true, level: undefined },
  { name: 'journal: process', key: true, level: 'process' },
  { name: 'journal: power', key: true, level: 'power' },
] as const;

/** What keys and a journal cost: no-op syscalls a second, CPU of the kernel a call, and delays of its event loop. The settings take turns. */
export async function run(): Promise<void> {
  const rounds = SETTINGS.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, setting] of SETTINGS.entries()) rounds[i]?.push(await measured(setting));
  }
  for (const [i, { name }] of SETTINGS.entries()) {
    const of = (key: keyof Measured, digits = 0) => quantiles(rounds[i]?.map((round) => round[key]) ?? [], digits);
    console.log(
      `${name.padEnd(20)} ${of('rate')} syscalls/s | ${of('cpuUs')} us of CPU a call, ${of('mainUs')} of its main thread | ` +
        `loop delay p99 ${of('delayMs', 1)} ms`,
    );
  }
  console.log(`median [min, max] of ${ROUNDS} rounds of ${SECONDS} s, ${AGENTS} agents x ${DEPTH} under way`);
}

interface Measured {
  readonly rate: number;
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly delayMs: number;
}

async function measured({ key, level }: (typeof SETTINGS)[number]): Promise<Measured> {
  const served = await serve('kernel', undefined, ...(level === undefined ? [] : [level]));
  const clients: Client[] = [];
  for (let n = 0; n < AGENTS; n++) {
    clients.push(await connect({ url: served.url, name: `agent-${n}`, ...(key ? {} : { reconnect: false }) }));
  }
  let calls = 0;
  const until = performance.now() + SECONDS * 1000;
  const before = await cpuOf(served);
  const mainBefore = await mainCpuOf(served);
  await delayOf(served);
  const ask = async (client: Client) => {
    while (performance.now() < until) {
      await client.chat(REQUEST);
      calls++;
    }
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: DEPTH }, () => ask(client))));
  const cpuUs = ((await cpuOf(served)) - before) / calls;
  const mainUs = ((await mainCpuOf(served)) - mainBefore) / calls;
  const delayMs = await delayOf(served);
  await Promise.all(clients.map((client) => client.close()));
  served.child.kill();
  return { rate: calls / SECONDS, cpuUs, mainUs, delayMs };
}
