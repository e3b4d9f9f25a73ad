import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../agents/sdk/client.js';
import { uniform } from '../../schedulers/uniform.js';
import { CutProxy, greeted } from './cut-proxy.js';
import { KernelProcess } from './kernel-process.js';
import type { Target } from './target.js';

const AGENTS = 8;
/** A connection lives for so many bytes: the greeting is some 300, an answer some 3,000. */
const BYTES = { least: 100, most: 6000 };

export interface CutReport {
  readonly cuts: number;
  readonly answers: number;
  /** Texts that are not those of the oracle, and what else no kernel may do. */
  readonly violations: readonly string[];
}

/**
 * Cuts connections at random bytes, and now and then kills the kernel, while agents stream. Each text must be that of an oracle, which asks
 * the same over a connection that nobody cuts: without gap and without repeat.
 */
export async function cuts({
  cuts,
  kills = 0,
  seed,
  on = KernelProcess.start,
}: {
  cuts: number;
  kills?: number;
  seed: number;
  /** Starts what is asked. @default a kernel with a journal */
  on?: (folder: string) => Promise<Target>;
}): Promise<CutReport> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-cuts-'));
  const target = await on(folder);
  const draw = uniform(seed);
  let isOver = false;
  const life = () => (isOver ? Infinity : Math.round(BYTES.least + draw() * (BYTES.most - BYTES.least)));
  const proxies = await Promise.all(target.urls.map((url) => CutProxy.start(Number(new URL(url).port), life)));
  const cutSoFar = () => proxies.reduce((sum, { cuts }) => sum + cuts, 0);
  // Who is cut off comes back by another door, where there is one.
  const doors = (n: number) => proxies.map((_, at) => proxies[(n + at) % proxies.length]?.url ?? '');
  const reconnect = { baseMs: 1, maxMs: 20, attempts: 10_000 };
  const names = Array.from({ length: AGENTS }, (_, n) => `agent-${n}`);
  const agents = await Promise.all(names.map((name, n) => greeted({ url: doors(n) as [string], name, reconnect })));
  const oracle = await connect({ url: target.urls[0], name: 'oracle', reconnect });
  const violations: string[] = [];
  let answers = 0;
  let next = 0;
  const working = Promise.all(
    agents.map(async (client) => {
      while (cutSoFar() < cuts) {
        const key = `c-${next++}`;
        const params = { messages: [{ role: 'user' as const, content: `question ${key}` }], idempotencyKey: key };
        try {
          const stream = client.stream(params);
          stream.reply.catch(() => {});
          let read = '';
          for await (const { text, restart } of stream) read = restart ? text : read + text;
          const [{ text, syscallId }, truth] = [await stream.reply, await oracle.chat(params)];
          if (read !== truth.text || text !== truth.text) violations.push(`${key}: "${read}" is not "${truth.text}"`);
          if (syscallId !== truth.syscallId) violations.push(`${key}: ${syscallId} is not ${truth.syscallId}`);
          answers++;
        } catch (error) {
          violations.push(`${key}: ${(error as Error).message}`);
        }
      }
    }),
  );
  for (let kill = 1; kill <= kills; kill++) {
    while (cutSoFar() < (kill * cuts) / (kills + 1)) await new Promise((resolve) => setTimeout(resolve, 5));
    await target.strike(draw);
  }
  await working;
  isOver = true;
  await Promise.all([...agents, oracle].map((client) => client.close()));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await target.stop();
  rmSync(folder, { recursive: true, force: true });
  return { cuts: cutSoFar(), answers, violations };
}
