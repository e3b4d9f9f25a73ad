import { describe, expect, test } from 'vitest';
import { ContainerModule, PART } from '../../kernel/modules.js';
import { LOCAL } from '../../kernel/process/principal.js';
import { createPolicy } from '../../schedulers/registry.js';
import { SyscallError } from '../../syscalls/errors.js';
import { PS_PROCESS_LIMIT } from '../../syscalls/ps.js';
import type { StatsReply } from '../../syscalls/stats.js';
import { ask, errorOf, LIMITS, openOn, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

describe('one call', () => {
  test('is answered with text, usage, cost, core, reason and times', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session, outbox } = await spawn();
    const reply = session.call('llm.chat', ask());
    await pass(5);
    core.last.say('one ');
    await pass(5);
    core.last.say('two').finish({ usage: { inputTokens: 8, outputTokens: 2 }, costUsd: 0.25 });
    expect(await reply).toEqual({
      syscallId: 's0',
      text: 'one two',
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 8, outputTokens: 2, reprefillTokens: 0 },
      costUsd: 0.25,
      core: 'a',
      reason: 'first free eligible core in config order',
      attempts: 1,
      preemptions: 0,
      times: { accepted: 0, scheduled: 0, started: 0, firstToken: 5, ended: 10 },
    });
    expect(outbox.sent).toEqual([{ method: 'syscall.accepted', params: { request: 2, syscallId: 's0' } }]);
  });

  test('streams its text with gapless sequence numbers, gathered', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session, outbox } = await spawn();
    const reply = session.call('llm.chat', ask('hi', { stream: true }));
    await pass(1);
    for (const word of ['a', 'b', 'c', 'd']) {
      core.last.say(word);
      await pass(10);
    }
    core.last.say('e').finish();
    await reply;
    const chunks = outbox.sent.filter(({ method }) => method === 'llm.chunk').map(({ params }) => params);
    expect(chunks).toEqual([
      { request: 2, syscallId: 's0', seq: 0, attempt: 1, offset: 0, text: 'a' },
      { request: 2, syscallId: 's0', seq: 1, attempt: 1, offset: 1, text: 'bc' },
      { request: 2, syscallId: 's0', seq: 2, attempt: 1, offset: 3, text: 'de' },
    ]);
  });

  test('holds its stream back from a slow reader, and the reply has all of it', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session, outbox } = await spawn();
    outbox.slow = true;
    const reply = session.call('llm.chat', ask('hi', { stream: true }));
    await pass(1);
    core.last.say('one ');
    await pass(100);
    expect(outbox.text).toBe('');
    outbox.slow = false;
    session.drained();
    expect(outbox.text).toBe('one ');
    core.last.say('two').finish();
    expect((await reply).text).toBe('one two');
  });

  test('is refused before hello, and hello only once', async () => {
    const { kernel, spawn } = testKernel([new ScriptedCore('a')]);
    const { session, outbox } = await spawn();
    const fresh = openOn(kernel, LOCAL, outbox);
    expect(await errorOf(fresh.call('llm.chat', ask()))).toMatchObject({ code: 'invalid-request' });
    expect(await errorOf(session.call('agent.hello', { protocol: 1, name: 'x' }))).toMatchObject({
      code: 'invalid-request',
    });
  });

  test('with bad parameters is refused with field, rule and value', async () => {
    const { spawn } = testKernel([new ScriptedCore('a')]);
    const { session } = await spawn();
    const error = await errorOf(session.call('llm.chat', ask('x', { temperature: 7 })));
    expect(error).toMatchObject({ code: 'invalid-params', retryable: false });
    expect(error['message']).toMatch(/^params\.temperature: .*2.*, got 7$/);
    expect(await errorOf(session.call('llm.chat', ask('x', { wrong: 1 })))).toMatchObject({ code: 'invalid-params' });
    const reply = await session.handle({ id: 1, method: 'constructor', params: {} });
    expect(reply).toMatchObject({ error: { code: -32601, data: { code: 'method-not-found' } } });
  });
});

describe('eligibility', () => {
  const cores = () => [
    new ScriptedCore('small', { contextWindow: 50, tools: false, responseFormat: false, quality: 0.4 }),
    new ScriptedCore('large', { contextWindow: 500, quality: 0.9 }),
    new ScriptedCore('off', { cap: 0 }),
  ];
  const tool = { type: 'function', function: { name: 'f', parameters: {} } };

  test.each([
    ['anything', {}, 'small'],
    ['the allow list', { models: ['large'] }, 'large'],
    ['the context window', { maxTokens: 100 }, 'large'],
    ['tools', { tools: [tool] }, 'large'],
    ['the response format', { responseFormat: { type: 'json_object' } }, 'large'],
    ['minQuality', { minQuality: 0.8 }, 'large'],
  ])('goes by %s', async (_, more, expected) => {
    const all = cores();
    const { spawn, pass } = testKernel(all);
    const { session } = await spawn();
    session.call('llm.chat', ask('x', more)).catch(() => {});
    await pass(1);
    expect(all.filter((core) => core.requests.length > 0).map((core) => core.info.id)).toEqual([expected]);
  });

  test('says for each core why not', async () => {
    const { spawn } = testKernel(cores());
    const { session } = await spawn();
    const error = await errorOf(session.call('llm.chat', ask('x', { maxTokens: 1000 })));
    expect(error).toMatchObject({ code: 'no-eligible-core', retryable: false });
    expect(error['message']).toMatch(/small: \d+ tokens exceed .* 50; large: .* 500; off: its cap is 0/);
  });
});

describe('the end of a call', () => {
  test('cancel aborts the provider, is idempotent, and the slot stays taken until the request has closed', async () => {
    const core = new ScriptedCore('a', {}, { closeOnAbort: false });
    const { spawn, pass, kernel } = testKernel([core]);
    const { session } = await spawn();
    const reply = errorOf(session.call('llm.chat', ask('one')));
    const next = session.call('llm.chat', ask('two'));
    await pass(1);
    expect(await session.call('syscall.cancel', { syscallId: 's0' })).toEqual({ cancelled: true });
    expect(await reply).toMatchObject({ code: 'cancelled' });
    expect(core.last.signal.aborted).toBe(true);
    expect(await session.call('syscall.cancel', { syscallId: 's0' })).toEqual({ cancelled: false });
    await pass(1000);
    expect(core.requests).toHaveLength(1);
    core.last.fail(new Error('aborted'));
    await pass(1);
    core.last.finish();
    await next;
    await pass(1);
    expect(core.mostInFlight).toBe(1);
    expect(kernel.stats().syscalls).toMatchObject({ accepted: 2, done: 1, cancelled: 1, pending: 0, running: 0 });
  });

  test('a deadline ends a waiting and a running call', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass, clock } = testKernel([core]);
    const { session, outbox } = await spawn();
    const running = errorOf(session.call('llm.chat', ask('x', { deadlineMs: 100, stream: true })));
    const waiting = errorOf(session.call('llm.chat', ask('y', { deadlineMs: 50 })));
    await pass(60);
    expect(await waiting).toMatchObject({ code: 'expired' });
    expect(core.requests).toHaveLength(1);
    await pass(50);
    expect(await running).toMatchObject({ code: 'expired' });
    expect(core.last.signal.aborted).toBe(true);
    core.last.say('late');
    expect(outbox.text).toBe('');
    expect(clock.now()).toBe(110);
  });

  test('a closed connection ends its calls', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core]);
    const { session } = await spawn();
    const replies = [errorOf(session.call('llm.chat', ask())), errorOf(session.call('llm.chat', ask()))];
    await pass(1);
    session.close('closed');
    session.close('closed');
    for (const error of await Promise.all(replies))
      expect(error).toMatchObject({ code: 'disconnected', retryable: true });
    expect(core.last.signal.aborted).toBe(true);
    expect(kernel.stats()).toMatchObject({ agents: 0, syscalls: { cancelled: 2, pending: 0 } });
  });

  test('killing a parent ends its whole subtree and nobody else', async () => {
    const core = new ScriptedCore('a', { cap: 8 });
    const { spawn, pass } = testKernel([core]);
    const parent = await spawn();
    const child = await spawn({ parent: parent.pid });
    const grandchild = await spawn({ parent: child.pid });
    const stranger = await spawn();
    const ended = errorOf(grandchild.session.call('llm.chat', ask()));
    const lives = stranger.session.call('llm.chat', ask());
    await pass(1);
    const reply = await stranger.session.call('agent.kill', { pid: parent.pid });
    expect(reply.killed).toEqual([parent.pid, child.pid, grandchild.pid]);
    expect(await ended).toMatchObject({ code: 'cancelled' });
    expect([parent, child, grandchild].map(({ outbox }) => outbox.closed)).toEqual(['killed', 'killed', 'killed']);
    expect(await errorOf(child.session.call('kernel.stats', {}))).toMatchObject({ code: 'disconnected' });
    core.requests[1]?.finish();
    await lives;
  });
});

describe('a core that fails', () => {
  const broken = new SyscallError('core-failed', 'HTTP 500');

  test('is left out, and the call goes to another one', async () => {
    const [a, b] = [new ScriptedCore('a', { cap: 2 }), new ScriptedCore('b')];
    const { spawn, pass, kernel } = testKernel([a, b]);
    const { session, outbox } = await spawn();
    const reply = session.call('llm.chat', ask('x', { stream: true }));
    await pass(1);
    a.last.say('half an ans').fail(broken);
    await pass(1);
    b.last.say('answer').finish();
    expect(await reply).toMatchObject({ core: 'b', attempts: 2, text: 'answer' });
    expect(outbox.sent.at(-1)?.params).toMatchObject({ text: 'answer', seq: 1, attempt: 2, offset: 0, restart: true });
    expect(kernel.stats().retries).toBe(1);
  });

  test('is asked again after a pause when there is no other, at most maxAttempts times', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core], { limits: { maxAttempts: 3 } });
    const { session } = await spawn();
    const reply = errorOf(session.call('llm.chat', ask()));
    await pass(1);
    core.last.fail(broken);
    await pass(100);
    expect(core.requests).toHaveLength(1);
    await pass(30);
    expect(core.requests).toHaveLength(2);
    core.last.fail(broken);
    await pass(300);
    core.last.fail(broken);
    expect(await reply).toMatchObject({ code: 'core-failed', retryable: true });
    await pass(100_000);
    expect(core.requests).toHaveLength(3);
  });

  test('that says when to come back gets nothing before', async () => {
    const core = new ScriptedCore('a', { cap: 4 });
    const { spawn, pass, kernel } = testKernel([core]);
    const { session } = await spawn();
    const reply = session.call('llm.chat', ask());
    await pass(1);
    core.last.fail(new SyscallError('core-failed', 'HTTP 429', { retryAfterMs: 5000 }));
    const other = session.call('llm.chat', ask());
    await pass(4990);
    expect(core.requests).toHaveLength(1);
    expect(kernel.cores()[0]?.state).toBe('cooling');
    await pass(20);
    expect(core.requests).toHaveLength(3);
    for (const request of core.requests.slice(1)) request.finish();
    await Promise.all([reply, other]);
  });

  test.each([
    ['that refuses it', new SyscallError('core-rejected', 'HTTP 400')],
    ['that fails', broken],
  ])('%s ends a call that must not be repeated', async (_, failure) => {
    const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { spawn, pass } = testKernel([a, b]);
    const { session } = await spawn();
    const reply = errorOf(session.call('llm.chat', ask('x', { retry: 'never' })));
    await pass(1);
    a.last.fail(failure);
    expect(await reply).toMatchObject({ code: failure.code, details: { core: 'a', attempts: 1 } });
    await pass(1000);
    expect(b.requests).toHaveLength(0);
  });

  test('that closes for a while is first given the call that met its limit, then those that came after it', async () => {
    const core = new ScriptedCore('a', { cap: 1 });
    const { spawn, pass } = testKernel([core]);
    const { session } = await spawn();
    const replies = ['first', 'second', 'third'].map((text) => session.call('llm.chat', ask(text)));
    await pass(1);
    core.last.fail(new SyscallError('core-failed', 'HTTP 429', { retryAfterMs: 300 }));
    await pass(301);
    for (let n = 1; n < 4; n++) {
      core.requests[n]?.finish();
      await pass(1);
    }
    await Promise.all(replies);
    const asked = core.requests.map(({ request }) => request.params.messages[0]?.content);
    expect(asked).toEqual(['first', 'first', 'second', 'third']);
  });

  test('that refuses a call is not asked again: another is, and without another the call ends', async () => {
    const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { spawn, pass } = testKernel([a, b]);
    const { session } = await spawn();
    const reply = errorOf(session.call('llm.chat', ask()));
    await pass(1);
    a.last.fail(new SyscallError('core-rejected', 'HTTP 400'));
    await pass(1);
    b.last.fail(broken);
    await pass(1000);
    b.last.fail(new SyscallError('core-rejected', 'HTTP 422'));
    expect(await reply).toMatchObject({
      code: 'core-rejected',
      message: 'HTTP 422',
      details: { core: 'b', attempts: 3 },
    });
    expect([a.requests.length, b.requests.length]).toEqual([1, 2]);
  });

  test('with a programming error fails only that call', async () => {
    const core = new ScriptedCore('a', { cap: 2 });
    const { spawn, pass } = testKernel([core], { limits: { maxAttempts: 1 } });
    const { session } = await spawn();
    const reply = errorOf(session.call('llm.chat', ask()));
    const other = session.call('llm.chat', ask());
    await pass(1);
    core.requests[0]?.fail(new TypeError('x is not a function'));
    core.requests[1]?.finish();
    expect(await reply).toMatchObject({ code: 'core-failed' });
    await other;
  });
});

describe('admission', () => {
  test.each([
    ['one agent', { pendingPerAgent: 2 }],
    ['all agents', { pendingTotal: 2 }],
    ['memory', { pendingBytes: 300 }],
  ])('is bounded for %s: full means busy with a time to come back', async (_, limits) => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core], { limits });
    const { session } = await spawn();
    const replies = [session.call('llm.chat', ask()), session.call('llm.chat', ask())];
    const error = await errorOf(session.call('llm.chat', ask()));
    expect(error).toMatchObject({ code: 'busy', retryable: true, retryAfterMs: expect.any(Number) });
    expect(error['message']).toContain(Object.keys(limits)[0]);
    for (let n = 0; n < 2; n++) {
      await pass(1);
      core.last.finish();
    }
    await Promise.all(replies);
    expect(kernel.stats().syscalls).toMatchObject({ accepted: 2, rejected: 1 });
    session.call('llm.chat', ask()).catch(() => {});
    expect(kernel.stats().syscalls.accepted).toBe(3);
  });

  test('keeps to what the token allows', async () => {
    const core = new ScriptedCore('a', { cap: 9 });
    const { spawn, pass } = testKernel([core, new ScriptedCore('b')]);
    const principal = {
      ...LOCAL,
      name: 'bob',
      operator: false,
      methods: ['llm.chat' as const],
      cores: ['a'],
      maxPending: 2,
      budgetUsd: 0.5,
    };
    const { session, pid } = await spawn({ principal });
    expect(await errorOf(session.call('kernel.stats', {}))).toMatchObject({ code: 'forbidden' });
    expect(await errorOf(session.call('llm.chat', ask('x', { cores: ['b'] })))).toMatchObject({
      code: 'no-eligible-core',
    });
    const replies = [session.call('llm.chat', ask()), session.call('llm.chat', ask())];
    expect(await errorOf(session.call('llm.chat', ask()))).toMatchObject({ code: 'busy' });
    await pass(1);
    for (const request of core.requests) request.finish({ costUsd: 0.25 });
    await Promise.all(replies);
    expect(await errorOf(session.call('llm.chat', ask()))).toMatchObject({ code: 'budget-exhausted' });
    expect(pid).toBe(1);
  });

  test('a process of another token is not found, a parent must be one of its own', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const alice = await spawn({ principal: { ...LOCAL, name: 'alice', operator: false } });
    const bob = await spawn({ principal: { ...LOCAL, name: 'bob', operator: false } });
    const reply = alice.session.call('llm.chat', ask());
    await pass(1);
    for (const attempt of [
      bob.session.call('syscall.cancel', { syscallId: 's0' }),
      bob.session.call('agent.kill', { pid: alice.pid }),
      spawn({ principal: { ...LOCAL, name: 'bob', operator: false }, parent: alice.pid }),
    ]) {
      expect(await errorOf(attempt)).toMatchObject({ code: 'not-found' });
    }
    const ps = await bob.session.call('kernel.ps', {});
    expect(ps.processes.map(({ pid }) => pid)).toEqual([bob.pid]);
    expect(ps.syscalls).toEqual([]);
    core.last.finish();
    await reply;
    expect(await errorOf(bob.session.call('syscall.feedback', { syscallId: 's0', quality: 1 }))).toMatchObject({
      code: 'not-found',
    });
    expect(await alice.session.call('syscall.feedback', { syscallId: 's0', quality: 1 })).toEqual({ accepted: true });
  });
});

describe('what one token sees and takes', () => {
  const tokenOf = (name: string) => ({ ...LOCAL, name, operator: false });

  test('kernel.stats sums up its own calls, for an operator those of all', async () => {
    const core = new ScriptedCore('a', { cap: 2 });
    const { spawn, pass } = testKernel([core]);
    const [alice, bob] = [await spawn({ principal: tokenOf('alice') }), await spawn({ principal: tokenOf('bob') })];
    const operator = await spawn({ principal: { ...LOCAL, name: 'root' } });
    const replies = [1, 2, 3].map(() => alice.session.call('llm.chat', ask()));
    replies.push(bob.session.call('llm.chat', ask()));
    await pass(1);
    core.requests[0]?.finish();
    await pass(1);
    const of = async ({ session }: typeof alice) => (await session.call('kernel.stats', {})) as StatsReply;
    expect(await of(alice)).toMatchObject({ agents: 1, syscalls: { accepted: 3, done: 1, pending: 0, running: 2 } });
    expect(await of(bob)).toMatchObject({ agents: 1, syscalls: { accepted: 1, done: 0, pending: 1, running: 0 } });
    expect(await of(operator)).toMatchObject({ agents: 3, syscalls: { accepted: 4, done: 1, pending: 1, running: 2 } });
    expect((await of(bob)).usage).toMatchObject({ inputTokens: 0, outputTokens: 0, costUsd: 0 });
    while (core.requests.length > 0) {
      for (const request of core.requests.splice(0)) request.finish();
      await pass(1);
    }
    await Promise.all(replies);
  });

  test('kernel.ps comes in pages, each process once', async () => {
    const { spawn } = testKernel([new ScriptedCore('a')]);
    const pids: number[] = [];
    for (let n = 0; n < PS_PROCESS_LIMIT + 7; n++) pids.push((await spawn({ principal: tokenOf('alice') })).pid);
    const bob = await spawn({ principal: tokenOf('bob') });
    const { session } = await spawn({ principal: tokenOf('alice') });
    const first = await session.call('kernel.ps', {});
    expect([first.processes.length, first.next]).toEqual([PS_PROCESS_LIMIT, pids[PS_PROCESS_LIMIT - 1]]);
    const second = await session.call('kernel.ps', { after: first.next });
    expect([second.processes.length, second.next]).toEqual([8, undefined]);
    expect(second.processes.map(({ pid }) => pid)).not.toContain(bob.pid);
  });

  test('one token cannot take all places: another one still gets in', async () => {
    const core = new ScriptedCore('a', { cap: 1 });
    const modules = [new ContainerModule(({ rebind }) => void rebind(PART.tokens).toConstantValue(() => 3))];
    const { spawn } = testKernel([core], { limits: { pendingTotal: 100 }, modules });
    const greedy = await spawn({ principal: tokenOf('greedy') });
    const codes: unknown[] = [];
    for (let n = 0; n < 100; n++) {
      greedy.session.call('llm.chat', ask()).catch(({ code, message }) => codes.push([code, message]));
    }
    await Promise.resolve();
    const modest = await spawn({ principal: tokenOf('modest') });
    let refused = 0;
    for (let n = 0; n < 10; n++) modest.session.call('llm.chat', ask()).catch(() => refused++);
    await new Promise((resolve) => setImmediate(resolve));
    expect([codes.length, codes[0], refused]).toEqual([
      20,
      ['busy', expect.stringContaining('share of pendingTotal')],
      0,
    ]);
  });
});

test('an answer is rated once: a second rating is refused and teaches nobody', async () => {
  const core = new ScriptedCore('a');
  const rated: [id: string, quality: number][] = [];
  const feedback = ({ id }: { readonly id: string }, quality: number) => void rated.push([id, quality]);
  const { spawn, pass, kernel } = testKernel([core], { policy: { ...createPolicy('fifo'), feedback } });
  let notified = 0;
  kernel.events.on('feedback', () => notified++);
  const { session } = await spawn();
  const reply = session.call('llm.chat', ask());
  await pass(1);
  core.last.finish();
  await reply;
  await session.call('syscall.feedback', { syscallId: 's0', quality: 0.25 });
  for (const quality of [0.25, 1]) {
    expect(await errorOf(session.call('syscall.feedback', { syscallId: 's0', quality }))).toMatchObject({
      code: 'invalid-params',
      retryable: false,
      message: 'params.syscallId: expected a syscall not rated before, got "s0"',
    });
  }
  expect(rated).toEqual([['s0', 0.25]]);
  expect(notified).toBe(1);
});

describe('limits of a core', () => {
  test('a reload changes the cap while calls run', async () => {
    const core = new ScriptedCore('a', { cap: 1 });
    const { spawn, pass, kernel } = testKernel([core]);
    const { session } = await spawn();
    for (let n = 0; n < 5; n++) session.call('llm.chat', ask()).catch(() => {});
    await pass(1);
    expect(core.inFlight).toBe(1);
    kernel.reload({
      limits: LIMITS,
      cores: [{ ...core.info, cap: 3 }] as never,
    });
    await pass(1);
    expect(core.inFlight).toBe(3);
    kernel.reload({
      limits: LIMITS,
      cores: [{ ...core.info, cap: 0 }] as never,
    });
    for (const request of core.requests) request.finish();
    await pass(1);
    expect(core.inFlight).toBe(0);
  });

  test('requests per minute are kept in every minute', async () => {
    const core = new ScriptedCore('a', { cap: 100, requestsPerMinute: 3 });
    const { spawn, pass } = testKernel([core]);
    const { session } = await spawn();
    for (let n = 0; n < 7; n++) session.call('llm.chat', ask()).catch(() => {});
    await pass(30_000);
    expect(core.requests).toHaveLength(3);
    await pass(30_990);
    expect(core.requests).toHaveLength(3);
    await pass(20);
    expect(core.requests).toHaveLength(6);
    await pass(61_000);
    expect(core.requests).toHaveLength(7);
  });

  test('tokens per minute hold a call back, and what was reserved too much is given back', async () => {
    const core = new ScriptedCore('a', { cap: 100, tokensPerMinute: 200 });
    const { spawn, pass } = testKernel([core]);
    const { session } = await spawn();
    for (let n = 0; n < 2; n++) session.call('llm.chat', ask('x', { maxTokens: 150 })).catch(() => {});
    await pass(1);
    expect(core.requests).toHaveLength(1);
    await pass(1000);
    expect(core.requests).toHaveLength(1);
    core.last.say('short', 10).finish();
    await pass(1);
    expect(core.requests).toHaveLength(2);
  });
});

describe('shutting down', () => {
  test('running calls end, pending ones are handed back, new ones are refused, then connections close', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core]);
    const { session, outbox } = await spawn();
    const running = session.call('llm.chat', ask());
    await pass(1);
    const pending = errorOf(session.call('llm.chat', ask()));
    const stopped = kernel.stop();
    expect(await pending).toMatchObject({ code: 'draining', retryable: true });
    expect(await errorOf(session.call('llm.chat', ask()))).toMatchObject({ code: 'draining' });
    expect(outbox.closed).toBeUndefined();
    core.last.finish();
    await running;
    await stopped;
    expect(outbox.closed).toBe('draining');
  });

  test('a call that does not end in time is handed back', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core], { limits: { drainMs: 500 } });
    const { session } = await spawn();
    const running = errorOf(session.call('llm.chat', ask()));
    await pass(1);
    const stopped = kernel.stop();
    await pass(501);
    expect(await running).toMatchObject({ code: 'draining' });
    await stopped;
  });
});

describe('a policy that misbehaves', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['returns nonsense', () => [null] as never],
  ])('%s: the kernel goes on with its own FIFO and counts it', async (_, schedule) => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core], { policy: { name: 'bad', schedule } });
    const { session } = await spawn();
    const reply = session.call('llm.chat', ask());
    await pass(1);
    core.last.finish();
    await reply;
    expect(kernel.stats().scheduler.fallbacks).toBeGreaterThan(0);
  });

  test('a prepare that fails does not hold its calls', async () => {
    const core = new ScriptedCore('a');
    const policy = {
      name: 'bad',
      prepare: () => Promise.reject(new Error('bug')),
      schedule: () => {
        throw new Error('bug');
      },
    };
    const { spawn, pass } = testKernel([core], { policy });
    const { session } = await spawn();
    const reply = session.call('llm.chat', ask());
    await pass(1);
    core.last.finish();
    await reply;
  });

  test('placements that no policy may ask for are dropped and counted', async () => {
    const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
    const policy = {
      name: 'bad',
      schedule: () => ['nobody', 's0', 's0'].map((syscallId) => ({ syscallId, core: 'b', reason: 'x' })),
    };
    const { spawn, pass, kernel } = testKernel([a, b], { policy });
    const { session } = await spawn();
    session.call('llm.chat', ask('x', { models: ['a'] })).catch(() => {});
    const second = session.call('llm.chat', ask('x', { models: ['a'] }));
    second.catch(() => {});
    await pass(1);
    expect([a.requests.length, b.requests.length]).toEqual([0, 0]);
    expect(kernel.stats().scheduler.invalidAssignments).toBeGreaterThan(2);
  });

  test('calls beyond the free slots are held in the queue, in order, and can be moved', async () => {
    const [a, b] = [new ScriptedCore('a'), new ScriptedCore('b')];
    let target = 'a';
    const policy = {
      name: 'greedy',
      schedule: ({ pending }: { pending: readonly { id: string }[] }) =>
        [...pending].reverse().map(({ id }) => ({ syscallId: id, core: target, reason: 'all on one' })),
    };
    const { spawn, pass, kernel } = testKernel([a, b], { policy });
    const { session } = await spawn();
    for (const text of ['0', '1', '2', '3']) session.call('llm.chat', ask(text)).catch(() => {});
    await pass(1);
    expect(a.last.request.params.messages[0]?.content).toBe('3');
    expect(kernel.cores().map(({ queued }) => queued)).toEqual([3, 0]);
    target = 'b';
    session.call('llm.chat', ask('4')).catch(() => {});
    await pass(1);
    expect(b.last.request.params.messages[0]?.content).toBe('4');
    expect(kernel.cores().map(({ queued }) => queued)).toEqual([0, 3]);
    a.last.finish();
    b.last.finish();
    await pass(1);
    expect(b.last.request.params.messages[0]?.content).toBe('2');
    expect([a.mostInFlight, b.mostInFlight]).toEqual([1, 1]);
  });
});
