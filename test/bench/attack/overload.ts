import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf, type Served } from '../child.js';
import { percentile } from '../measure.js';
import { type Case, mb, withKernel } from './case.js';
import { join, SMALL } from './raw-socket.js';

const PER_SECOND = 60;
const SECONDS = 8;
/** Serves 60 calls a second. */
const CORE = {
  ...{ id: 'core', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 }, cap: 6, ttftMs: 100 },
  ...{ prefillSpeed: 'unlimited', decodeSpeed: 'unlimited', answerTokens: { median: 1, spread: 0 } },
};

/** Ten times as many calls as the cores can serve, from 40 agents, in open loop. */
export const busy: Case = async () => {
  const lines = [];
  for (const policy of ['fifo', 'round-robin', 'eccos']) lines.push(`${policy}: ${await overload(policy)}`);
  return lines.join('\n  ');
};

function overload(policy: string): Promise<string> {
  const config = { policy, cores: [CORE], limits: { pendingTotal: 150 } };
  const load = async (served: Served) => {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => join(served.url)));
    const waits: number[] = [];
    let done = 0;
    let from = Number.POSITIVE_INFINITY;
    const ask = async (n: number) => {
      const start = performance.now();
      const { error } = (await sockets[n % sockets.length]?.ask('llm.chat', SMALL)) ?? {};
      if (error === undefined && performance.now() >= from) done++;
      if (error === undefined || start < from) return;
      if (error.data.code === 'busy') waits.push(performance.now() - start);
      else throw new Error(error.data.code);
    };
    let asked = 0;
    const begin = performance.now();
    let before: number | undefined;
    for (;;) {
      const passed = performance.now() - begin;
      if (passed > (SECONDS + 3) * 1000) break;
      // The first three seconds fill the queues, and what a collection of the heap holds up in them is not measured.
      if (passed > 2000) before ??= await memoryOf(served);
      if (passed > 3000) from = Math.min(from, performance.now());
      for (; asked < (passed / 1000) * PER_SECOND * 10; asked++) void ask(asked);
      await sleep(2);
    }
    const seconds = (performance.now() - from) / 1000;
    const grown = (await memoryOf(served)) - (before ?? 0);
    const at = (share: number) => percentile(waits, share).toFixed(1);
    return `${waits.length} busy replies, p50 ${at(0.5)} p99 ${at(0.99)} longest ${at(1)} ms; ${done} done, at most ${(seconds * PER_SECOND).toFixed(0)} possible; memory ${mb(grown)} more`;
  };
  // Who asks takes little of the other CPU, where the threads of the kernel run that no reply waits for.
  return withKernel(config, load, false);
}
