import { readFileSync } from 'node:fs';
import { realClock } from '../../kernel/clock.js';
import { simulatedConfig, simulatedCore } from '../../kernel/cores/simulated.js';
import { kernelOn, spawnOn } from '../support/kernel.js';

const CALLS = 10_000;
const CORES = 12;
/** Calls that one turn of the event loop brings: doors do 4 ms of work in one, which is about as many calls. */
const BURST = 25;
const GATE = 20;

const SETTINGS: readonly (readonly [name: string, policy: string, params: object])[] = [
  ['fifo', 'fifo', {}],
  ['round-robin', 'round-robin', {}],
  ['eccos', 'eccos', {}],
  ['eccos, minQuality', 'eccos', { minQuality: 0.999 }],
];

/** CPU of the longest turn of the event loop while 10,000 calls come to a kernel whose 12 cores are slow. `npm run bench -- fill [NAME]` */
export async function run([only = '']: readonly string[]): Promise<void> {
  for (const [name, policy, params] of SETTINGS) {
    if (!name.includes(only)) continue;
    const turns = await fill(policy, params);
    const longest = turns.toSorted((a, b) => b - a).slice(0, 8);
    const verdict = (longest[0] ?? 0) <= GATE ? 'met' : 'MISSED';
    console.log(
      `${name.padEnd(20)} ${turns.length} turns, longest ${longest.map((ms) => ms.toFixed(1)).join(' ')} ms | gate <= ${GATE} ms: ${verdict}`,
    );
  }
}

async function fill(policy: string, params: object): Promise<number[]> {
  const cores = Array.from({ length: CORES }, (_, j) =>
    simulatedCore(
      simulatedConfig.parse({
        ...{ kind: 'simulated', id: `core-${j}`, cap: 8, ttftMs: 500, prefillSpeed: 'unlimited', decodeSpeed: 100 },
        price: { inputPerMTok: 0.1 * 1.5 ** j, outputPerMTok: 0.4 * 1.5 ** j },
      }),
      { clock: realClock, seed: j, env: {} },
    ),
  );
  const kernel = kernelOn(realClock, cores, {
    policy,
    limits: { pendingPerAgent: 20_000, pendingTotal: 20_000, drainMs: 10 },
  });
  const agents = await Promise.all(Array.from({ length: 20 }, () => spawnOn(kernel)));
  // The first calls load what is loaded once.
  const ask = (n: number) =>
    agents[n % agents.length]?.session
      .call('llm.chat', { messages: [{ role: 'user', content: `What is ${n} times ${n % 97}?` }], ...params })
      .catch(() => {});
  for (let n = 0; n < 64; n++) ask(n);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const turns: number[] = [];
  let isOver = false;
  let before = mainThreadMs();
  let sent = 64;
  const turn = () => {
    if (isOver) return;
    const now = mainThreadMs();
    turns.push(now - before);
    before = now;
    for (let n = 0; n < BURST && sent < CALLS; n++) ask(sent++);
    setImmediate(turn);
  };
  setImmediate(turn);
  while (sent < CALLS) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 8000));
  isOver = true;
  await kernel.stop();
  return turns.slice(1);
}

/** CPU of the main thread so far: others of the machine do not count, nor do threads. */
function mainThreadMs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
