import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../agents/sdk/client.js';
import { ClusterProcess } from './cluster-process.js';

const WORDS = 60;

/**
 * What a person sees who kills the node that schedules, while agents read streams at both nodes: `agents` that got their whole
 * answer, and how many of those had to begin again.
 */
export async function trial({ agents = 50 }: { agents?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-trial-'));
  const delayMs = { fast: 40, slow: 40 };
  const cluster = await ClusterProcess.start(folder, { nodes: 2, words: WORDS, delayMs });
  const reconnect = { baseMs: 20, maxMs: 200, attempts: 10_000 };
  const [first = '', second = ''] = cluster.urls;
  const clients = await Promise.all(
    Array.from({ length: agents }, (_, n) =>
      connect({ url: n % 2 === 0 ? [first, second] : [second, first], name: `agent-${n}`, reconnect }),
    ),
  );
  const read = clients.map(() => '');
  let restarts = 0;
  const asking = clients.map(async (client, n) => {
    const stream = client.stream({ messages: [{ role: 'user', content: `question ${n}` }] });
    for await (const { text, restart } of stream) {
      if (restart) restarts++;
      read[n] = restart ? text : read[n] + text;
    }
    return (await stream.reply).text;
  });
  while (read.filter((text) => text !== '').length < agents / 10)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { shell, url } = await cluster.seat();
  console.log(`${read.filter((text) => text !== '').length} answers are being read; kill -9 of the node at ${url}`);
  shell.signal('SIGKILL');
  const replies = await Promise.all(asking);
  const whole = Array.from({ length: WORDS }, (_, n) => `word-${n}`).join(' ');
  const wrong = replies.flatMap((reply, n) =>
    reply === whole && read[n] === whole ? [] : [`agent-${n}: "${read[n]}"`],
  );
  await Promise.all(clients.map((client) => client.close()));
  const { violations } = await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
  return { agents, whole: agents - wrong.length, restarts, violations: [...wrong, ...violations] };
}
