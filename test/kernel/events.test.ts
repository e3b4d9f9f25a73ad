import { expect, test } from 'vitest';
import { KernelEvents } from '../../kernel/events.js';
import { ask, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

test('what a listener throws, or rejects with, reaches neither the kernel nor other listeners; of each the first is reported', async () => {
  const faults: string[] = [];
  const heard: number[] = [];
  const events = new KernelEvents((error, event) => faults.push(`${event}: ${(error as Error).message}`));
  events.on('prepared', () => {
    throw new Error('one');
  });
  events.on('prepared', async () => {
    throw new Error('two');
  });
  events.on('prepared', ({ calls }) => void heard.push(calls));
  for (let n = 0; n < 3; n++) events.emit('prepared', { calls: n, ms: 0 });
  await new Promise(setImmediate);
  expect(faults).toEqual(['prepared: one', 'prepared: two']);
  expect(heard).toEqual([0, 1, 2]);
});

test('a listener that was taken off hears nothing any more', () => {
  const events = new KernelEvents();
  const heard: number[] = [];
  const listener = ({ calls }: { readonly calls: number }) => void heard.push(calls);
  events.on('prepared', listener);
  events.emit('prepared', { calls: 1, ms: 0 });
  events.off('prepared', listener);
  events.off('prepared', () => {});
  events.emit('prepared', { calls: 2, ms: 0 });
  expect(heard).toEqual([1]);
});

test('a call is one object in all of its events, from its acceptance to the close of its request', async () => {
  const core = new ScriptedCore('a');
  const { kernel, spawn, pass } = testKernel([core]);
  const heard: [string, unknown][] = [];
  const calls = new Set<unknown>();
  for (const name of ['accepted', 'scheduled', 'started', 'firstToken', 'final', 'closed'] as const) {
    kernel.events.on(name, ({ call, ...rest }: { readonly call: unknown }) => {
      calls.add(call);
      heard.push([name, rest]);
    });
  }
  const { session, pid } = await spawn({ name: 'ann' });
  const reply = session.call('llm.chat', ask('hello', { task: 'greet', priority: 3 }));
  await pass(10);
  core.last.say('hi', 2);
  await pass(5);
  core.last.say(' there', 2).finish({ usage: { inputTokens: 7, outputTokens: 4 }, costUsd: 0.5 });
  await reply;
  await pass(1);
  const reason = expect.any(String);
  const spent = { inputTokens: 7, outputTokens: 4, reprefillTokens: 0, costUsd: 0.5 };
  expect(heard).toMatchObject([
    ['accepted', {}],
    ['scheduled', { core: 'a', reason }],
    ['started', { at: expect.any(Number), core: 'a', running: 1, reason, waitMs: 0, resumed: false }],
    ['firstToken', { core: 'a', ms: 10 }],
    ['final', { state: { status: 'done' } }],
    ['closed', { core: 'a', running: 0, ms: 15, spent, error: undefined }],
  ]);
  expect(calls.size).toBe(1);
  expect([...calls]).toMatchObject([
    {
      id: 's0',
      facts: { agent: 'ann', caller: { pid, tenant: 'local' }, priority: 3, params: { task: 'greet' } },
      state: { status: 'done' },
      attempts: 1,
      spent: { costUsd: 0.5 },
    },
  ]);
});

test('what is not accepted is reported with its code and who asked', async () => {
  const { kernel, spawn } = testKernel([new ScriptedCore('a')], { limits: { pendingTotal: 1 } });
  const refused: unknown[] = [];
  kernel.events.on('refused', (event) => void refused.push(event));
  const { session, pid } = await spawn();
  void session.call('llm.chat', ask()).catch(() => {});
  await session.call('llm.chat', ask()).catch(() => {});
  expect(refused).toMatchObject([{ code: 'busy', caller: { pid, principal: 'local' } }]);
});

test('a request that fails is closed with its code, and the status of its provider', async () => {
  const { CoreError } = await import('../../kernel/cores/core.js');
  const core = new ScriptedCore('a');
  const { kernel, spawn, pass } = testKernel([core]);
  const closed: unknown[] = [];
  kernel.events.on('closed', ({ error, status }) => void closed.push([error, status]));
  const { session } = await spawn();
  const failed = session.call('llm.chat', ask('x', { retry: 'never' })).catch(() => {});
  await pass(1);
  core.last.fail(new CoreError('core-failed', 'HTTP 500', { class: 'provider', status: 500 }));
  await failed;
  const cancelled = session.call('llm.chat', ask()).catch(() => {});
  await pass(1);
  await session.call('syscall.cancel', { syscallId: 's1' });
  await cancelled;
  await pass(1);
  expect(closed).toEqual([
    ['core-failed', 500],
    ['cancelled', undefined],
  ]);
});
