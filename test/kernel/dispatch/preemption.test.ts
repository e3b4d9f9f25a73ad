import { expect, test } from 'vitest';
import { ask, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

const SLICED = 'round-robin:timeSliceMs=100';

test('a streaming call is preempted for another agent, keeps its text, and goes on from it later', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass, kernel } = testKernel([core], { policy: SLICED });
  const [long, short] = [await spawn(), await spawn()];
  const longReply = long.session.call('llm.chat', ask('a question', { stream: true, maxTokens: 100 }));
  await pass(1);
  core.last.say('one ', 3);
  const shortReply = short.session.call('llm.chat', ask());
  await pass(98);
  expect(core.requests).toHaveLength(1);
  await pass(2);
  expect(core.requests[0]?.signal.aborted).toBe(true);
  core.last.say('short').finish();
  expect((await shortReply).times.started).toBe(100);
  await pass(1);
  const { request } = core.last;
  expect(request).toMatchObject({ prefix: 'one ', prefixTokens: 3, maxTokens: 97 });
  core.last.say('two').finish({ usage: { inputTokens: request.inputTokens + 3, outputTokens: 1 }, costUsd: 0.5 });
  const reply = await longReply;
  expect(reply).toMatchObject({ text: 'one two', preemptions: 1, attempts: 1, times: { started: 0, firstToken: 1 } });
  const { inputTokens } = request;
  expect(reply.usage).toEqual({
    inputTokens: 2 * inputTokens + 3,
    outputTokens: 4,
    reprefillTokens: inputTokens + 3,
    estimated: true,
  });
  expect(reply.costUsd).toBeCloseTo(0.5 + (inputTokens * 1 + 3 * 10) / 1e6, 12);
  expect(long.outbox.text).toBe('one two');
  expect(kernel.stats().preemptions).toBe(1);
});

test('nobody is preempted while no other agent waits, nor for a call of the same agent', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy: SLICED });
  const [one, two] = [await spawn(), await spawn()];
  one.session.call('llm.chat', ask()).catch(() => {});
  one.session.call('llm.chat', ask()).catch(() => {});
  await pass(1);
  core.last.say('x');
  await pass(1000);
  expect(core.last.signal.aborted).toBe(false);
  two.session.call('llm.chat', ask()).catch(() => {});
  await pass(101);
  expect(core.requests[0]?.signal.aborted).toBe(true);
});

test('a run that has no token yet is left alone until it has one, so that every slice makes progress', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy: SLICED });
  const [one, two] = [await spawn(), await spawn()];
  one.session.call('llm.chat', ask()).catch(() => {});
  two.session.call('llm.chat', ask()).catch(() => {});
  await pass(500);
  expect(core.last.signal.aborted).toBe(false);
  core.last.say('x');
  expect(core.last.signal.aborted).toBe(true);
});

test('a core that cannot go on from a prefix is never preempted', async () => {
  const core = new ScriptedCore('a', { supportsPrefix: false });
  const { spawn, pass } = testKernel([core], { policy: SLICED });
  const [one, two] = [await spawn(), await spawn()];
  one.session.call('llm.chat', ask()).catch(() => {});
  two.session.call('llm.chat', ask()).catch(() => {});
  await pass(1);
  core.last.say('x');
  await pass(1000);
  expect(core.last.signal.aborted).toBe(false);
});

test('a preempted call resumes on its own core only, though another is free', async () => {
  const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
  const { spawn, pass } = testKernel([a, b], { policy: SLICED });
  const [one, two, three] = [await spawn(), await spawn(), await spawn()];
  const reply = one.session.call('llm.chat', ask());
  await pass(1);
  a.last.say('x');
  const blocker = two.session.call('llm.chat', ask('y', { models: ['b'] }));
  const other = three.session.call('llm.chat', ask('z', { models: ['a'] }));
  await pass(101);
  b.last.finish();
  await blocker;
  await pass(10);
  expect(b.requests).toHaveLength(1);
  a.last.finish();
  await other;
  await pass(1);
  a.last.finish();
  expect((await reply).core).toBe('a');
});

test('a preempted call can be cancelled, and its text is charged when it ends otherwise', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass, kernel } = testKernel([core], { policy: SLICED });
  const [one, two] = [await spawn(), await spawn()];
  const reply = one.session.call('llm.chat', ask()).catch((error: unknown) => error);
  await pass(1);
  core.last.say('x');
  two.session.call('llm.chat', ask()).catch(() => {});
  await pass(101);
  expect((await one.session.call('kernel.ps', {})).syscalls[0]).toMatchObject({ syscallId: 's0', status: 'suspended' });
  await one.session.call('syscall.cancel', { syscallId: 's0' });
  expect(await reply).toMatchObject({ code: 'cancelled' });
  core.last.finish();
  await pass(10);
  expect(core.requests).toHaveLength(2);
  expect(kernel.stats().syscalls).toMatchObject({ done: 1, cancelled: 1, pending: 0 });
});

test('nobody is preempted once a tool call has begun: no core goes on from half of one', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy: SLICED });
  const [one, two] = [await spawn(), await spawn()];
  const reply = one.session.call('llm.chat', ask('a question', { stream: true }));
  await pass(1);
  core.last.say('I look.').call('c1', 'weather', '{"ci');
  two.session.call('llm.chat', ask()).catch(() => {});
  await pass(1000);
  expect(core.last.signal.aborted).toBe(false);
  const call = { id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: '{"city":1}' } };
  core.last.call('c1', 'weather', 'ty":1}').finish({ toolCalls: [call], finishReason: 'tool-calls' });
  expect((await reply).toolCalls).toEqual([call]);
});
