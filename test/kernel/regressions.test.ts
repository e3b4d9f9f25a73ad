import { expect, test } from 'vitest';
import { LOCAL } from '../../kernel/process/principal.js';
import { SyscallError } from '../../syscalls/errors.js';
import { ask, errorOf, LIMITS, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

const quietly = (promise: Promise<unknown>) => void promise.catch(() => {});

test('a call that the tokens per minute turned away closes the core no longer than it waits itself', async () => {
  const core = new ScriptedCore('a', { cap: 4, tokensPerMinute: 1000 });
  const { spawn, pass } = testKernel([core]);
  const { session } = await spawn();
  quietly(session.call('llm.chat', ask('x', { maxTokens: 600 })));
  const large = errorOf(session.call('llm.chat', ask('x', { maxTokens: 900 })));
  quietly(session.call('llm.chat', ask('x', { maxTokens: 100 })));
  await pass(10);
  expect(core.requests).toHaveLength(1);
  await session.call('syscall.cancel', { syscallId: 's1' });
  await large;
  await pass(10);
  expect(core.requests).toHaveLength(2);
});

test('tokens that were reserved and not used let the next call in at once', async () => {
  const core = new ScriptedCore('a', { cap: 4, tokensPerMinute: 1000 });
  const { spawn, pass } = testKernel([core]);
  const { session } = await spawn();
  for (let n = 0; n < 2; n++) quietly(session.call('llm.chat', ask('x', { maxTokens: 800 })));
  await pass(10);
  core.last.finish({ usage: { inputTokens: 5, outputTokens: 5 } });
  await pass(10);
  expect(core.requests).toHaveLength(2);
});

test('the tokens that the provider has reported are what counts, tool calls too', async () => {
  const core = new ScriptedCore('a', { cap: 4, tokensPerMinute: 1000 });
  const { spawn, pass } = testKernel([core]);
  const { session } = await spawn();
  quietly(session.call('llm.chat', ask('x', { maxTokens: 10 })));
  await pass(10);
  core.last.say('an answer', 120).finish({ usage: { inputTokens: 10, outputTokens: 980 } });
  quietly(session.call('llm.chat', ask('x', { maxTokens: 10 })));
  await pass(1000);
  expect(core.requests).toHaveLength(1);
});

test('under round-robin a large call is not starved of its tokens per minute by small ones of another agent', async () => {
  const core = new ScriptedCore('a', { cap: 1, tokensPerMinute: 1000 });
  const { spawn, pass } = testKernel([core], { policy: 'round-robin' });
  const [big, small] = [await spawn(), await spawn()];
  const asked = new Set<unknown>();
  const serve = async () => {
    await pass(1000);
    const request = core.requests.at(-1);
    if (request === undefined || asked.has(request)) return;
    asked.add(request);
    const usage = { inputTokens: 10, outputTokens: (request.request.maxTokens ?? 1) - 10 };
    request.say('x', usage.outputTokens).finish({ usage });
  };
  for (let n = 0; n < 40; n++) quietly(small.session.call('llm.chat', ask('x', { maxTokens: 400 })));
  await serve();
  quietly(big.session.call('llm.chat', ask('big', { maxTokens: 900 })));
  for (let seconds = 0; seconds < 200; seconds++) await serve();
  expect(core.requests.some(({ request }) => request.maxTokens === 900)).toBe(true);
});

test('no chunk comes after a call has expired, though text was being gathered', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core]);
  const { session, outbox } = await spawn();
  const ended = errorOf(session.call('llm.chat', ask('x', { stream: true, deadlineMs: 20 })));
  await pass(1);
  core.last.say('one ').say('two ');
  expect(await Promise.all([ended, pass(100)])).toMatchObject([{ code: 'expired' }, undefined]);
  expect(outbox.text).toBe('one ');
});

test('killing a process ends its grandchildren, also when their own parent has gone before', async () => {
  const { spawn } = testKernel([new ScriptedCore('a')]);
  const root = await spawn();
  const child = await spawn({ parent: root.pid });
  const grandchild = await spawn({ parent: child.pid });
  child.session.close('closed');
  expect(await root.session.call('agent.kill', { pid: root.pid })).toEqual({ killed: [root.pid, grandchild.pid] });
});

test('a run that ends after the shutdown sets no timer', async () => {
  const core = new ScriptedCore('a', {}, { closeOnAbort: false });
  const { spawn, pass, kernel, clock } = testKernel([core], { limits: { drainMs: 10 } });
  const { session } = await spawn();
  const ended = errorOf(session.call('llm.chat', ask('x', { retry: 'never' })));
  await pass(1);
  const stopped = kernel.stop();
  await pass(20);
  await Promise.all([ended, stopped]);
  core.last.fail(new SyscallError('core-failed', 'HTTP 429', { retryAfterMs: 3_600_000 }));
  await pass(1);
  expect(clock.pendingTimers).toBe(0);
});

test('a budget counts what cancelled calls have cost, and holds for calls that were accepted before it was spent', async () => {
  const core = new ScriptedCore('a', { cap: 1, price: { inputPerMTok: 0, outputPerMTok: 1e6 } });
  const { spawn, pass, kernel } = testKernel([core]);
  const { session } = await spawn({ principal: { ...LOCAL, budgetUsd: 5 } });
  const first = errorOf(session.call('llm.chat', ask()));
  const second = errorOf(session.call('llm.chat', ask()));
  await pass(1);
  core.last.say('five tokens', 5);
  await session.call('syscall.cancel', { syscallId: 's0' });
  expect(await first).toMatchObject({ code: 'cancelled' });
  expect(kernel.stats().usage).toMatchObject({ outputTokens: 5, costUsd: 5 });
  await pass(1);
  expect(await second).toMatchObject({ code: 'budget-exhausted' });
  expect(core.requests).toHaveLength(1);
});

test('a call that was preempted at its last token ends without asking again', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy: 'round-robin:timeSliceMs=100' });
  const [one, two] = [await spawn(), await spawn()];
  const reply = one.session.call('llm.chat', ask('x', { maxTokens: 10 }));
  await pass(1);
  core.last.say('ten tokens', 10);
  const other = two.session.call('llm.chat', ask());
  await pass(101);
  core.last.finish();
  await other;
  await pass(1);
  expect(await reply).toMatchObject({ text: 'ten tokens', finishReason: 'length', usage: { outputTokens: 10 } });
  expect(core.requests).toHaveLength(2);
});

test('nobody is preempted for a call that could not start on the core', async () => {
  const core = new ScriptedCore('a', { cap: 2, requestsPerMinute: 2 });
  const { spawn, pass } = testKernel([core], { policy: 'round-robin:timeSliceMs=100' });
  const [one, two] = [await spawn(), await spawn()];
  for (let n = 0; n < 2; n++) quietly(one.session.call('llm.chat', ask()));
  await pass(1);
  core.last.say('x');
  quietly(two.session.call('llm.chat', ask()));
  await pass(5000);
  expect(core.last.signal.aborted).toBe(false);
});

test('switching a core off moves its calls on, or ends those that have no other', async () => {
  const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
  const { spawn, pass, kernel } = testKernel([a, b]);
  const { session } = await spawn();
  const both = session.call('llm.chat', ask());
  await pass(1);
  const onlyB = session.call('llm.chat', ask('x', { cores: ['b'] }));
  await pass(1);
  b.last.finish();
  await onlyB;
  kernel.reload({ limits: LIMITS, cores: [a.info, { ...b.info, cap: 0 }] as never });
  a.last.fail(new SyscallError('core-failed', 'HTTP 500'));
  await pass(1000);
  a.last.finish();
  expect(await both).toMatchObject({ core: 'a', attempts: 2 });
  quietly(session.call('llm.chat', ask()));
  const waits = errorOf(session.call('llm.chat', ask()));
  await pass(1);
  kernel.reload({
    limits: LIMITS,
    cores: [
      { ...a.info, cap: 0 },
      { ...b.info, cap: 0 },
    ] as never,
  });
  expect(await waits).toMatchObject({ code: 'no-eligible-core' });
});

test('an operator may cancel twice, as the owner may', async () => {
  const { spawn, pass } = testKernel([new ScriptedCore('a')]);
  const owner = await spawn({ principal: { ...LOCAL, name: 'owner', operator: false } });
  const operator = await spawn();
  quietly(owner.session.call('llm.chat', ask()));
  await pass(1);
  expect(await operator.session.call('syscall.cancel', { syscallId: 's0' })).toEqual({ cancelled: true });
  expect(await operator.session.call('syscall.cancel', { syscallId: 's0' })).toEqual({ cancelled: false });
});
