import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { type ChatReply, type Client, connect, type SyscallError } from '../../agents/sdk/client.js';
import { uniform } from '../../schedulers/uniform.js';
import { KernelProcess } from './kernel-process.js';

const AGENTS = 12;
/** Repeats of each call, and the share of calls that are repeated with another question. */
const REPEATS = 1;
const CHANGED = 0.1;

export interface KillOptions {
  readonly kills: number;
  readonly calls: number;
  readonly seed: number;
  /** Arguments for Node of the kernel. */
  readonly node?: readonly string[];
}

export interface KillReport {
  readonly answers: number;
  readonly repeats: number;
  readonly conflicts: number;
  /** What no kernel may do, a line each. */
  readonly violations: readonly string[];
}

interface Answered {
  readonly key: string;
  readonly reply: ChatReply;
}

type Row = Readonly<Record<string, string | number | null>>;

/**
 * Kills a kernel again and again while agents ask, repeat what they have asked from other connections, and change their parameters. What
 * each agent was given is compared with the journal. All draws come from the seed; when a kill falls, the machine decides.
 */
export async function kills({ kills, calls, seed, node = [] }: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-kills-'));
  const kernel = await KernelProcess.start(folder, node);
  const reconnect = { baseMs: 20, maxMs: 200, attempts: 10_000 };
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, n) => connect({ url: kernel.url, name: `agent-${n}`, reconnect })),
  );
  const draw = uniform(seed);
  const violations: string[] = [];
  const answers: Answered[] = [];
  const repeated: Answered[] = [];
  let conflicts = 0;
  let next = 0;
  let ended = 0;
  /** A connection that is not this one: over one connection the streams of one call could not be told apart. */
  const otherThan = (client: Client): Client => {
    const away = 1 + Math.floor(draw() * (AGENTS - 1));
    return agents[(agents.indexOf(client) + away) % AGENTS] as Client;
  };
  const change = async (client: Client, key: string) => {
    const error = await otherThan(client)
      .chat({ messages: ask(`another ${key}`), idempotencyKey: key })
      .then(
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
    await kernel.end('SIGKILL');
    await kernel.boot();
  }
  await working;
  await Promise.all(agents.map((client) => client.close()));
  await kernel.end('SIGTERM');
  compare(kernel.path, { answers, repeated, calls, kills }, violations);
  rmSync(folder, { recursive: true, force: true });
  return { answers: answers.length, repeats: repeated.length, conflicts, violations };
}

function ask(text: string) {
  return [{ role: 'user' as const, content: `question ${text}` }];
}

/** The answer to a call, if there is one. */
async function answerTo(client: Client, key: string, streams: boolean, violations: string[]): Promise<Answered[]> {
  const params = { messages: ask(key), idempotencyKey: key };
  let read = '';
  try {
    if (!streams) return [{ key, reply: await client.chat(params) }];
    const stream = client.stream(params);
    stream.reply.catch(() => {});
    for await (const { text, restart } of stream) read = restart ? text : read + text;
    const reply = await stream.reply;
    if (read !== reply.text) violations.push(`${key}: read ${read.length} characters of ${reply.text.length}`);
    return [{ key, reply }];
  } catch (error) {
    violations.push(`${key}: ${(error as Error).message}`);
    return [];
  }
}

function compare(
  path: string,
  {
    answers,
    repeated,
    calls,
    kills,
  }: { answers: readonly Answered[]; repeated: readonly Answered[]; calls: number; kills: number },
  violations: string[],
): void {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare('SELECT calls.idem, ends.status, ends.body FROM calls LEFT JOIN ends USING (seq)')
    .all() as Row[];
  const starts = db.prepare('SELECT max(n) AS most FROM (SELECT count(*) AS n FROM starts GROUP BY seq)').get() as Row;
  const { spent } = db.prepare('SELECT cost_usd AS spent FROM accounts').get() as Row;
  db.close();
  if (rows.length !== calls) violations.push(`${rows.length} calls in the journal for ${calls} that were asked`);
  const undone = rows.filter(({ status }) => status !== 'done');
  for (const { idem, status } of undone) violations.push(`${idem}: ${status ?? 'without an end'}`);
  const stored = new Map(rows.map(({ idem, body }) => [idem, body === null ? '' : canonical(JSON.parse(`${body}`))]));
  for (const { key, reply } of [...answers, ...repeated]) {
    if (canonical(reply) !== stored.get(key)) violations.push(`${key}: its agent received what is not in the journal`);
  }
  if (Number(starts['most']) > 1 + kills) violations.push(`a call was started ${starts['most']} times`);
  const cost = answers.reduce((sum, { reply }) => sum + reply.costUsd, 0);
  if (Math.abs(Number(spent) - cost) > 1e-9) violations.push(`$${spent} in the account for $${cost} in the replies`);
}

/** The same text for the same value. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
