import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChatReply, type Client, connect, type SyscallError } from '../../agents/sdk/client.js';
import { uniform } from '../../schedulers/uniform.js';
import { KernelProcess } from './kernel-process.js';
import type { Left, LeftCall, Target } from './target.js';

const AGENTS = 12;
/** Repeats of each call, and the share of calls that are repeated with another question. */
const REPEATS = 1;
const CHANGED = 0.1;

export interface KillOptions {
  readonly kills: number;
  readonly calls: number;
  readonly seed: number;
  /** Starts what is killed, in a folder of its own. @default a kernel with a journal */
  readonly on?: (folder: string) => Promise<Target>;
}

export interface KillReport {
  readonly answers: number;
  readonly repeats: number;
  readonly conflicts: number;
  /** Calls that must not be asked twice, and were not. */
  readonly interrupted: number;
  /** What no kernel may do, a line each. */
  readonly violations: readonly string[];
}

interface Answered {
  readonly key: string;
  readonly reply: ChatReply;
}

/**
 * Kills a kernel again and again while agents ask, repeat what they have asked from other connections, and change their parameters. What
 * each agent was given is compared with the journal. All draws come from the seed; when a kill falls, the machine decides.
 */
export async function kills({ kills, calls, seed, on = KernelProcess.start }: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-kills-'));
  const target = await on(folder);
  const reconnect = { baseMs: 20, maxMs: 200, attempts: 10_000 };
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, n) => connect({ url: turned(target.urls, n), name: `agent-${n}`, reconnect })),
  );
  const draw = uniform(seed);
  const violations: string[] = [];
  const answers: Answered[] = [];
  const repeated: Answered[] = [];
  let conflicts = 0;
  let next = 0;
  let ended = 0;
  /** A connection that is not this one: two streams of one call over one connection would be one. */
  const otherThan = (client: Client): Client => {
    const away = 1 + Math.floor(draw() * (AGENTS - 1));
    return agents[(agents.indexOf(client) + away) % AGENTS] as Client;
  };
  const change = async (client: Client, key: string) => {
    const asking = () => otherThan(client).chat({ messages: ask(`another ${key}`), idempotencyKey: key });
    const error = await admitted(asking).then(
      () => undefined,
      (error: SyscallError) => error,
    );
    if (error?.code === 'conflict') conflicts++;
    else violations.push(`${key}: other parameters were not a conflict, but ${error?.code ?? 'answered'}`);
  };
  const work = async (client: Client) => {
    while (next < calls) {
      const n = next++;
      const key = `k-${n}`;
      const asking = answerTo(client, key, n % 2 === 0, violations);
      // Before, while and after it is answered, from any connection.
      const repeats = Array.from({ length: REPEATS }, async () => {
        await new Promise((resolve) => setTimeout(resolve, draw() * 60));
        repeated.push(...(await answerTo(otherThan(client), key, draw() < 0.5, violations)));
      });
      answers.push(...(await asking));
      ended++;
      if (draw() < CHANGED) await change(client, key);
      await Promise.all(repeats);
    }
  };
  const working = Promise.all(agents.flatMap((client) => [work(client), work(client)]));
  for (let kill = 0; kill < kills; kill++) {
    const enough = Math.floor(((kill + 1) * calls) / (kills + 2));
    while (ended < enough) await new Promise((resolve) => setTimeout(resolve, 2 + 10 * draw()));
    await target.strike(draw);
  }
  await working;
  await Promise.all(agents.map((client) => client.close()));
  const left = await target.stop();
  violations.push(...left.violations);
  const interrupted = left.calls.filter(isInterrupted).length;
  compare(left, { answers, repeated, calls, kills }, violations);
  rmSync(folder, { recursive: true, force: true });
  return { answers: answers.length, repeats: repeated.length, conflicts, interrupted, violations };
}

function isInterrupted({ key, end }: LeftCall): boolean {
  return mayNotRepeat(key) && end !== undefined && 'data' in end && end.data.code === 'interrupted';
}

/** One call in fifty. */
function mayNotRepeat(key: string): boolean {
  return key.endsWith('19') || key.endsWith('59');
}

/** Another first one for each agent. */
function turned(urls: Target['urls'], n: number): readonly [string, ...string[]] {
  const from = n % urls.length;
  return [...urls.slice(from), ...urls.slice(0, from)] as unknown as Target['urls'];
}

function ask(text: string) {
  return [{ role: 'user' as const, content: `question ${text}` }];
}

/** A call that is refused for now is asked again. */
async function admitted<Reply>(asking: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      return await asking();
    } catch (error) {
      if ((error as SyscallError).code !== 'busy') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The answer to a call, if there is one. */
async function answerTo(client: Client, key: string, streams: boolean, violations: string[]): Promise<Answered[]> {
  const never = mayNotRepeat(key) ? ({ retry: 'never' } as const) : {};
  const params = { messages: ask(key), idempotencyKey: key, ...never };
  let read = '';
  try {
    if (!streams) return [{ key, reply: await admitted(() => client.chat(params)) }];
    const reply = await admitted(async () => {
      const stream = client.stream(params);
      stream.reply.catch(() => {});
      read = '';
      for await (const { text, restart } of stream) read = restart ? text : read + text;
      return stream.reply;
    });
    if (read !== reply.text) violations.push(`${key}: read ${read.length} characters of ${reply.text.length}`);
    return [{ key, reply }];
  } catch (error) {
    const isInterrupted = (error as SyscallError).code === 'interrupted' && mayNotRepeat(key);
    if (!isInterrupted) violations.push(`${key}: ${(error as Error).message}`);
    return [];
  }
}

function compare(
  { calls: written, spentUsd, mostStarts }: Left,
  {
    answers,
    repeated,
    calls,
    kills,
  }: { answers: readonly Answered[]; repeated: readonly Answered[]; calls: number; kills: number },
  violations: string[],
): void {
  // Refused while the store did not answer, though it had written the call: its agent has asked again.
  const rows = written.filter(({ end }) => !(end !== undefined && 'data' in end && end.data.code === 'busy'));
  if (rows.length !== calls) violations.push(`${rows.length} calls in the journal for ${calls} that were asked`);
  const undone = rows.filter((row) => row.status !== 'done' && !isInterrupted(row));
  for (const { key, status } of undone) violations.push(`${key}: ${status ?? 'without an end'}`);
  const stored = new Map(rows.map(({ key, end }) => [key, end === undefined ? '' : canonical(end)]));
  for (const { key, reply } of [...answers, ...repeated]) {
    if (canonical(reply) !== stored.get(key)) violations.push(`${key}: its agent received what is not in the journal`);
  }
  if (mostStarts > 1 + kills) violations.push(`a call was started ${mostStarts} times`);
  const cost = rows.reduce((sum, { end }) => sum + (end !== undefined && 'costUsd' in end ? end.costUsd : 0), 0);
  if (Math.abs(spentUsd - cost) > 1e-9) violations.push(`$${spentUsd} in the account for $${cost} in the replies`);
}

/** The same text for the same value. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
