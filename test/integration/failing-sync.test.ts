import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ChatReply, type Client, connect } from '../../agents/sdk/client.js';
import { failingSync } from '../chaos/failing-sync.js';
import { KernelProcess } from '../chaos/kernel-process.js';
import { errorOf } from '../support/kernel.js';

let folder = '';
let ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-sync-'));
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  rmSync(folder, { recursive: true, force: true });
});

test('a disk that cannot sync: calls are refused as storage, nothing that was acknowledged is lost, and it recovers', async ({
  skip,
}) => {
  const disk = failingSync(folder);
  if (disk === undefined) return skip('there is no C compiler here');
  const kernel = await KernelProcess.start(folder, { env: disk.env, slow: 10 });
  ends.push(() => kernel.end('SIGKILL'));
  const reconnect = { baseMs: 20, maxMs: 200, attempts: 1000 };
  const client = await connect({ url: kernel.url, name: 'agent', reconnect });
  ends.push(() => client.close());
  const before = [await answer(client, 'a'), await answer(client, 'b')];

  // Two seconds long.
  const slow = { messages: asked('running'), idempotencyKey: 'running', cores: ['slow'] };
  const running = client.stream(slow);
  let isAnswered = false;
  const end = running.reply.then((reply) => {
    isAnswered = true;
    return reply;
  });
  // Its text comes once it is written down and started.
  await running[Symbol.asyncIterator]().next();
  disk.fail();
  for (const key of ['refused', 'refused', 'too']) {
    expect(await errorOf(answer(client, key))).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('storage'),
    });
  }
  // Longer than it takes.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(isAnswered).toBe(false);
  // What was answered before can be read.
  expect(await answer(client, 'a')).toEqual(before[0]);

  disk.mend();
  const after = [await end, await answer(client, 'refused'), await answer(client, 'c')];
  await kernel.end('SIGKILL');
  await kernel.boot();
  const again = [await client.chat(slow)];
  for (const key of ['a', 'b', 'refused', 'c']) again.push(await answer(client, key));
  const [ran, ...others] = after;
  expect(again).toEqual([ran, ...before, ...others]);
  expect((await client.ps()).syscalls).toEqual([]);
}, 60_000);

test('level `power` syncs each commit, level `process` does not', ({ skip }) => {
  const disk = failingSync(folder);
  if (disk === undefined) return skip('there is no C compiler here');
  const module = new URL('../../dist/kernel/journal/journal-file.js', import.meta.url).href;
  const commit = (level: string) => {
    const options = { path: join(folder, `${level}.db`), level, keepMs: 1e9, maxBytes: 2 ** 30, prompts: 'keep' };
    const code = `import('${module}').then(({ JournalFile }) => {
      const file = new JournalFile(${JSON.stringify(options)});
      require('node:fs').writeFileSync(process.env.FAIL_SYNC, '');
      const call = { id: 'x', caller: { principal: 'p', tenant: 't', pid: 1, program: 1 }, agent: 'a', at: 1, priority: 0 };
      try { file.commit([{ type: 'accepted', call, body: '{}' }]); console.log('kept'); }
      catch (error) { console.log(error.code); }
      process.exit(0);
    });`;
    const ran = spawnSync(process.execPath, ['-e', code], { env: { ...process.env, ...disk.env }, encoding: 'utf8' });
    disk.mend();
    return ran.stdout.trim();
  };
  expect([commit('process'), commit('power')]).toEqual(['kept', 'SQLITE_IOERR_FSYNC']);
});

function asked(text: string) {
  return [{ role: 'user' as const, content: `question ${text}` }];
}

function answer(client: Client, key: string): Promise<ChatReply> {
  return client.chat({ messages: asked(key), idempotencyKey: key });
}
