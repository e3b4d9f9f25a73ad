import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { residentOf, type Served, serve } from '../child.js';
import { percentile } from '../measure.js';

/** One attack: what it does to the kernel, in one line. */
export type Case = (long: boolean) => Promise<string>;

/** Runs with a kernel of this config, which is gone afterwards. @param isPinned whether it has the first CPU only */
export async function withKernel<T>(config: object, use: (served: Served) => Promise<T>, isPinned = true): Promise<T> {
  const served = await serve('config', isPinned ? 0 : undefined, JSON.stringify(config));
  try {
    return await use(served);
  } finally {
    served.child.kill('SIGKILL');
  }
}

/** Runs while attackers are at work in a process of their own: from the moment when they say so. */
export async function under<T>(
  attack: string,
  url: string,
  count: number,
  use: (attackers: ChildProcess) => Promise<T>,
): Promise<T> {
  const file = fileURLToPath(new URL('./attacker.js', import.meta.url));
  const args = ['-c', '1', process.execPath, file, attack, url, String(count)];
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const _ of createInterface({ input: child.stdout })) break;
    return await use(child);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Most resident memory of a kernel while `work` runs, and its memory before and after. */
export async function memoryDuring(served: Served, isOver: () => boolean): Promise<number> {
  let most = 0;
  while (!isOver()) {
    most = Math.max(most, await residentOf(served));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return most;
}

/** After so many seconds. */
export function after(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1000;
  return () => performance.now() > end;
}

export function timesLine(times: readonly number[]): string {
  const at = (share: number) => percentile(times, share).toFixed(0);
  return `${times.length} calls of a victim, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

export function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Three tokens, each of which is its own name. */
export const TOKENS = {
  tokens: ['greedy', 'modest', 'third'].map((name) => ({
    name,
    sha256: createHash('sha256').update(name).digest('hex'),
  })),
};
