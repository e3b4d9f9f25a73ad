import { pino } from 'pino';
import { expect, test } from 'vitest';
import { CoreError } from '../../../kernel/cores/core.js';
import { ask, LIMITS, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

const overload = (retryAfterMs: number) =>
  new CoreError('core-failed', 'too many requests', { class: 'overload', status: 429, retryAfterMs });

function world() {
  const core = new ScriptedCore('a', { cap: 4 });
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { core, lines, ...testKernel([core], { log }) };
}

test('a core that its provider has closed says until when and why, once in the log, and opens by itself', async () => {
  const { core, lines, kernel, pass, spawn } = world();
  const { session } = await spawn();
  const replies = [1, 2].map((n) => session.call('llm.chat', ask(`q ${n}`)));
  await pass(1);
  for (const request of core.requests.splice(0)) request.fail(overload(5000));
  await pass(1);
  expect(kernel.cores()[0]).toMatchObject({
    state: 'cooling',
    closedUntil: 5001,
    lastFault: { class: 'overload', status: 429, message: 'too many requests' },
  });
  expect(await session.call('kernel.cores', {})).toMatchObject({ cores: [{ closedUntil: 5001 }] });
  const closed = lines.filter(({ msg }) => String(msg).startsWith('core closed'));
  expect(closed).toMatchObject([{ core: 'a', until: '1970-01-01T00:00:05.001Z', reason: 'too many requests' }]);
  await pass(4998);
  expect(core.requests).toHaveLength(0);
  await pass(2);
  for (const request of core.requests) request.say('fine').finish();
  expect((await Promise.all(replies)).map(({ text }) => text)).toEqual(['fine', 'fine']);
});

test.each([
  Infinity,
  1e300,
  400 * 86_400_000,
])('a core is closed for a day at most, whatever it asks for: %s', async (ms) => {
  const { core, kernel, pass, spawn } = world();
  const { session } = await spawn();
  const reply = session.call('llm.chat', ask('q'));
  await pass(1);
  core.last.fail(overload(ms));
  await pass(1);
  expect(kernel.cores()[0]?.closedUntil).toBe(86_400_001);
  reply.catch(() => {});
});

test('a reload opens a core that its provider has closed', async () => {
  const { core, kernel, pass, spawn } = world();
  const { session } = await spawn();
  const reply = session.call('llm.chat', ask('q'));
  await pass(1);
  core.last.fail(overload(3_600_000));
  await pass(1);
  expect(core.requests).toHaveLength(1);
  kernel.reload({ limits: { ...LIMITS }, cores: [{ id: 'a', cap: 4 }] as never });
  await pass(1);
  expect(core.requests).toHaveLength(2);
  core.last.say('fine').finish();
  expect((await reply).text).toBe('fine');
});
