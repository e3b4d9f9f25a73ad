import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ChatReply, type Client, connect } from '../../agents/sdk/client.js';
import { uniform } from '../../schedulers/uniform.js';
import { Shell } from '../agents/shell/eccos.js';

/** `CRASH_KILLS=200` is the long run. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? 6);
const CALLS = Number(process.env['CRASH_CALLS'] ?? 60 * KILLS);
const AGENTS = 12;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function config(port: number, path: string): string {
  const core = (id: string, speed: number) => ({
    ...{ id, kind: 'simulated', cap: 8, ttftMs: 5, prefillSpeed: 'unlimited', decodeSpeed: speed, chunkMs: 5 },
    ...{ answerTokens: { median: 40, spread: 0.5 }, price: { inputPerMTok: 1, outputPerMTok: 1 } },
  });
  return JSON.stringify({
    policy: 'fifo',
    listen: { port },
    log: { level: 'error' },
    journal: { path },
    cores: [core('fast', 2000), core('slow', 300)],
  });
}

interface Answered {
  readonly key: string;
  readonly reply: ChatReply;
  /** What its reader has read, where it was streamed. */
  readonly read: string | undefined;
}

async function ask(client: Client, key: string, streams: boolean): Promise<Answered> {
  const params = { messages: [{ role: 'user' as const, content: `question ${key}` }], idempotencyKey: key };
  if (!streams) return { key, reply: await client.chat(params), read: undefined };
  const stream = client.stream(params);
  let read = '';
  for await (const { text, restart } of stream) read = restart ? text : read + text;
  return { key, reply: await stream.reply, read };
}

type Row = Readonly<Record<string, string | number | null>>;

test(`a kernel that is killed ${KILLS} times under load: every call ends once, and its agent learns of it`, async () => {
  const port = await freePort();
  const path = join(folder, 'eccos.db');
  const file = join(folder, 'eccos.json');
  writeFileSync(file, config(port, path));
  const boot = async () => {
    const shell = new Shell(['boot', '--config', file]);
    await shell.wrote('stdout', /ws:\/\//);
    return shell;
  };
  let kernel = await boot();
  const reconnect = { baseMs: 20, maxMs: 200, attempts: 10_000 };
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, n) => connect({ url: `ws://127.0.0.1:${port}`, name: `agent-${n}`, reconnect })),
  );
  const draw = uniform(5);
  const answers: Answered[] = [];
  let next = 0;
  const work = async (client: Client) => {
    while (next < CALLS) {
      const n = next++;
      answers.push(await ask(client, `k-${n}`, n % 2 === 0));
    }
  };
  const working = Promise.all(agents.flatMap((client) => [work(client), work(client)]));
  for (let kill = 0; kill < KILLS; kill++) {
    const enough = Math.floor(((kill + 1) * CALLS) / (KILLS + 2));
    while (answers.length < enough) await new Promise((resolve) => setTimeout(resolve, 2 + 10 * draw()));
    kernel.signal('SIGKILL');
    await kernel.ended();
    kernel = await boot();
  }
  await working;
  // A repeat after the end is the same answer.
  const again = await ask(agents[0] as Client, 'k-0', false);
  await Promise.all(agents.map((client) => client.close()));
  kernel.signal('SIGTERM');
  await kernel.ended();

  expect(answers).toHaveLength(CALLS);
  expect(again.reply).toEqual(answers.find(({ key }) => key === 'k-0')?.reply);
  for (const { read, reply } of answers) if (read !== undefined) expect(read).toBe(reply.text);
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare('SELECT calls.idem, calls.id, ends.status, ends.body FROM calls LEFT JOIN ends USING (seq)')
    .all() as Row[];
  const starts = db.prepare('SELECT max(n) AS most FROM (SELECT count(*) AS n FROM starts GROUP BY seq)').get() as Row;
  const { spent } = db.prepare('SELECT cost_usd AS spent FROM accounts').get() as Row;
  db.close();
  expect(rows).toHaveLength(CALLS);
  expect(rows.filter(({ status }) => status !== 'done')).toEqual([]);
  const stored = new Map(rows.map((row) => [row['idem'], JSON.parse(String(row['body'])) as ChatReply]));
  for (const { key, reply } of answers) expect(stored.get(key)).toEqual(reply);
  expect(starts['most']).toBeLessThanOrEqual(1 + KILLS);
  expect(spent).toBeCloseTo(
    answers.reduce((sum, { reply }) => sum + reply.costUsd, 0),
    9,
  );
}, 240_000);
