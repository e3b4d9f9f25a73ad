import { describe, expect, test } from 'vitest';
import type { JournalEntry, StoredCall } from '../../../kernel/call/journal.js';
import { ContainerModule, PART } from '../../../kernel/modules.js';
import type { Principal } from '../../../kernel/process/principal.js';
import { LOCAL } from '../../../kernel/process/principal.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';
import { ask, errorOf, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

const asked = (more: Record<string, unknown> = {}, text = 'hello') => ask(text, { idempotencyKey: 'k', ...more });

describe('a repeat of a key is the same call', () => {
  test('while it is open and after it has ended, from any process of the token', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass, kernel } = testKernel([core]);
    const [one, two] = [await spawn(), await spawn()];
    const first = one.session.call('llm.chat', asked());
    await pass(5);
    const second = two.session.call('llm.chat', asked({ deadlineMs: 5000 }));
    await pass(5);
    core.last.say('answer').finish();
    expect(await second).toEqual(await first);
    expect(await two.session.call('llm.chat', asked())).toEqual(await first);
    expect([core.requests.length, kernel.stats().syscalls.accepted]).toEqual([1, 1]);
    expect(two.outbox.sent.map(({ params }) => params)).toEqual([
      { request: 2, syscallId: 's0' },
      { request: 3, syscallId: 's0' },
    ]);
  });

  test('two streams of it over one connection get the text each, and know it apart', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session, outbox } = await spawn();
    const first = session.call('llm.chat', asked({ stream: true }));
    await pass(5);
    core.last.say('one ');
    const second = session.call('llm.chat', asked({ stream: true }));
    await pass(100);
    core.last.say('two').finish();
    expect(await second).toEqual(await first);
    const textOf = (request: number) =>
      outbox.sent
        .flatMap(({ method, params }) => (method === 'llm.chunk' && params.request === request ? [params.text] : []))
        .join('');
    expect([textOf(2), textOf(3)]).toEqual(['one two', 'one two']);
  });

  test('but not of another token, nor for another request', async () => {
    const core = new ScriptedCore('a', { cap: 3 });
    const { spawn, pass, kernel } = testKernel([core]);
    const bob: Principal = { ...LOCAL, name: 'bob', operator: false };
    const [mine, his] = [await spawn(), await spawn({ principal: bob })];
    void mine.session.call('llm.chat', asked());
    void his.session.call('llm.chat', asked());
    await pass(5);
    expect(kernel.stats().syscalls.running).toBe(2);
    const error = await errorOf(mine.session.call('llm.chat', asked({}, 'something else')));
    expect(error).toMatchObject({ code: 'conflict', retryable: false, message: expect.stringContaining('s0') });
    for (const request of core.requests) request.finish();
    await pass(5);
    expect(await errorOf(mine.session.call('llm.chat', asked({ temperature: 1 })))).toMatchObject({ code: 'conflict' });
  });

  test('an end that a repeat can mend frees the key, any other is repeated', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core], { limits: { maxAttempts: 1 } });
    const { session } = await spawn();
    const failed = errorOf(session.call('llm.chat', asked()));
    await pass(5);
    core.last.fail(new SyscallError('core-failed', 'gone'));
    expect(await failed).toMatchObject({ code: 'core-failed' });
    const expired = errorOf(session.call('llm.chat', asked({ deadlineMs: 50 })));
    await pass(100);
    expect(await expired).toMatchObject({ code: 'expired' });
    expect(await errorOf(session.call('llm.chat', asked()))).toMatchObject({ code: 'expired' });
    expect(core.requests).toHaveLength(2);
  });

  test('though another token ends calls with more text than memory holds', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const bob: Principal = { ...LOCAL, name: 'bob', operator: false };
    const [greedy, modest] = [await spawn(), await spawn({ principal: bob })];
    const answerTo = async ({ session }: typeof greedy, idempotencyKey: string, text: string) => {
      const reply = session.call('llm.chat', asked({ idempotencyKey }));
      await pass(5);
      core.last.say(text).finish();
      return reply;
    };
    const first = await answerTo(modest, 'k', 'small');
    const text = 'x'.repeat(2 ** 23);
    for (let n = 0; n < 12; n++) await answerTo(greedy, `g${n}`, text);
    expect(await modest.session.call('llm.chat', asked())).toEqual(first);
    expect(core.requests).toHaveLength(13);
    void errorOf(greedy.session.call('llm.chat', asked({ idempotencyKey: 'g0' })));
    await pass(5);
    expect(core.requests).toHaveLength(14);
  });

  test('four may follow it, and a key is printable', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session } = await spawn();
    const open = Array.from({ length: 4 }, () => session.call('llm.chat', asked()));
    await pass(5);
    expect(await errorOf(session.call('llm.chat', asked()))).toMatchObject({ code: 'busy', retryAfterMs: 1000 });
    core.last.finish();
    await Promise.all(open);
    for (const idempotencyKey of ['', 'two words', 'é', 'x'.repeat(129)]) {
      expect(await errorOf(session.call('llm.chat', asked({ idempotencyKey })))).toMatchObject({
        code: 'invalid-params',
      });
    }
    const from = { attempt: 1, offset: 0 };
    const error = await errorOf(session.call('llm.chat', ask('x', { stream: true, from })));
    expect(error['message']).toContain('Expected `idempotencyKey` beside it');
  });
});

describe('its text', () => {
  test('goes on where the reader was, and whole where the attempt is another', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core], { limits: { chunkMs: 0 } });
    const first = await spawn();
    const lost = errorOf(first.session.call('llm.chat', asked({ stream: true })));
    await pass(5);
    core.last.say('one ').say('two ');
    await pass(5);
    first.session.close('lost');
    expect(await lost).toMatchObject({ code: 'disconnected' });
    core.last.say('three ');
    const [second, third] = [await spawn(), await spawn()];
    const reply = second.session.call('llm.chat', asked({ stream: true, from: { attempt: 1, offset: 4 } }));
    const whole = third.session.call('llm.chat', asked({ stream: true, from: { attempt: 7, offset: 4 } }));
    await pass(5);
    core.last.say('four').finish();
    expect((await reply).text).toBe('one two three four');
    expect([second.outbox.text, third.outbox.text]).toEqual(['two three four', 'one two three four']);
    expect((await whole).text).toBe('one two three four');
    const late = await spawn();
    await late.session.call('llm.chat', asked({ stream: true, from: { attempt: 1, offset: 14 } }));
    expect(late.outbox.text).toBe('four');
  });

  test('is there for a repeat that streams although the first request did not', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core], { limits: { chunkMs: 0 } });
    const [quiet, reader] = [await spawn(), await spawn()];
    const first = quiet.session.call('llm.chat', asked());
    await pass(5);
    core.last.say('one ');
    const second = reader.session.call('llm.chat', asked({ stream: true }));
    await pass(5);
    core.last.say('two').finish();
    await Promise.all([first, second]);
    expect([quiet.outbox.text, reader.outbox.text]).toEqual(['', 'one two']);
  });
});

describe('a call that nobody follows', () => {
  test('goes on for a while after its connection was lost, and ends with it when that was closed', async () => {
    const core = new ScriptedCore('a', { cap: 2 });
    const { spawn, pass, kernel } = testKernel([core], { limits: { orphanMs: 1000 } });
    const [lost, closed] = [await spawn(), await spawn()];
    for (const [process, key] of [
      [lost, 'l'],
      [closed, 'c'],
    ] as const) {
      void errorOf(process.session.call('llm.chat', asked({ idempotencyKey: key })));
    }
    await pass(5);
    lost.session.close('lost');
    closed.session.close('closed');
    await pass(900);
    expect(core.requests.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    const back = await spawn();
    const again = errorOf(back.session.call('llm.chat', asked({ idempotencyKey: 'l' })));
    await pass(900);
    expect(core.requests[0]?.signal.aborted).toBe(false);
    back.session.close('lost');
    expect(await again).toMatchObject({ code: 'disconnected' });
    await pass(1100);
    expect(core.requests[0]?.signal.aborted).toBe(true);
    expect(kernel.stats().syscalls).toMatchObject({ accepted: 2, cancelled: 2, running: 0 });
  });

  test('is listed by kernel.ps with the time that is left, to its token and to an operator', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core], { limits: { orphanMs: 1000 } });
    const [bob, eve]: Principal[] = ['bob', 'eve'].map((name) => ({ ...LOCAL, name, operator: false }));
    const lost = await spawn({ principal: bob as Principal });
    void errorOf(lost.session.call('llm.chat', asked()));
    await pass(5);
    lost.session.close('lost');
    await pass(400);
    const [his, hers, operator] = [
      await spawn({ principal: bob as Principal }),
      await spawn({ principal: eve as Principal }),
      await spawn(),
    ];
    const listed = async ({ session }: typeof his) => (await session.call('kernel.ps', {})).syscalls;
    expect(await listed(his)).toEqual(await listed(operator));
    expect(await listed(his)).toMatchObject([{ syscallId: 's0', pid: lost.pid, status: 'running', orphanMs: 600 }]);
    expect(await listed(hers)).toEqual([]);
    // Somebody else follows it: it is still there, and no orphan.
    void errorOf(his.session.call('llm.chat', asked()));
    await pass(5);
    expect(await listed(operator)).toMatchObject([{ syscallId: 's0', pid: lost.pid }]);
    expect((await listed(operator))[0]).not.toHaveProperty('orphanMs');
    expect((await operator.session.call('kernel.ps', { after: 1 })).syscalls).toEqual([]);
  });

  test('is cancelled by its id, from another process of the token', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const first = await spawn();
    void errorOf(first.session.call('llm.chat', asked()));
    await pass(5);
    first.session.close('lost');
    const { session } = await spawn();
    expect(await session.call('syscall.cancel', { syscallId: 's0' })).toEqual({ cancelled: true });
    expect(core.last.signal.aborted).toBe(true);
  });
});

/** A journal in memory whose calls outlive the kernel. */
function toyJournal(open: readonly StoredCall[] = []) {
  const entries: JournalEntry[] = [];
  const journal = {
    restore: async () => ({ firstPid: 501, open, starts: [], spentUsd: new Map([['local', 2]]) }),
    append: (entry: JournalEntry) => void entries.push(entry) as undefined,
    close: async () => {},
  };
  return {
    entries,
    modules: [new ContainerModule(({ rebind }) => void rebind(PART.journal).toConstantValue(journal))],
  };
}

function stored(id: string, more: Partial<StoredCall> = {}): StoredCall {
  const caller = { pid: 3, program: 3, tenant: 'local', principal: 'local' };
  const params = { ...ask('left'), idempotencyKey: id };
  return {
    ...{ id, caller, agent: 'agent', at: 0, expiresAt: undefined, priority: 0, budgetUsd: Number.POSITIVE_INFINITY },
    ...{ cores: undefined, key: id, fingerprint: undefined, task: undefined, params, attempts: 0, ...more },
  };
}

describe('a kernel that comes back', () => {
  test('goes on with calls that have a key, and ends the others by name', async () => {
    const core = new ScriptedCore('a', { cap: 4 });
    const never = { params: { ...ask('left'), retry: 'never' as const }, attempts: 1 };
    const { entries, modules } = toyJournal([
      stored('goes-on', { attempts: 2 }),
      stored('no-key', { key: undefined }),
      stored('never', never),
      stored('never-started', { params: { ...ask('left'), retry: 'never' }, attempts: 0 }),
      stored('late', { expiresAt: 0, params: { ...ask('left'), deadlineMs: 5 } }),
      stored('no-core', { cores: ['gone'] }),
    ]);
    const { kernel, pass, spawn } = testKernel([core], { modules });
    await kernel.ready();
    const ends = entries.flatMap((entry) =>
      entry.type === 'ended' && 'data' in entry.end ? [[entry.id, entry.end.data.code]] : [],
    );
    expect(ends).toEqual([
      ['no-key', 'disconnected'],
      ['never', 'interrupted'],
      ['late', 'expired'],
      ['no-core', 'no-eligible-core'],
    ]);
    await pass(5);
    expect(core.requests).toHaveLength(2);
    const { session, pid } = await spawn();
    expect(pid).toBe(501);
    core.requests[0]?.say('whole').finish();
    await pass(5);
    expect(entries.at(-1)).toMatchObject({ type: 'ended', id: 'goes-on', status: 'done', end: { attempts: 3 } });
    expect(await session.call('kernel.stats', {})).toMatchObject({ syscalls: { done: 1, running: 1 } });
  });

  test('leaves calls with a key open when it shuts down, and ends the others', async () => {
    const core = new ScriptedCore('a');
    const { entries, modules } = toyJournal();
    const { kernel, pass, spawn } = testKernel([core], { modules, limits: { drainMs: 10 } });
    const { session } = await spawn();
    const errors = Promise.all([asked(), ask('no key')].map((params) => errorOf(session.call('llm.chat', params))));
    await pass(5);
    const stopped = kernel.stop();
    await pass(20);
    await stopped;
    expect((await errors).map(({ code }) => code)).toEqual(['draining', 'draining']);
    expect(entries.map(({ type, id }) => `${type} ${id}`)).toEqual([
      'accepted s0',
      'accepted s1',
      'started s0',
      'ended s1',
    ]);
  });

  test('has an answer of before rated once, also by two at once', async () => {
    const end: ChatReply = {
      ...{ syscallId: 'old', text: 'x', toolCalls: [], finishReason: 'stop', core: 'a', reason: '', costUsd: 1 },
      ...{ attempts: 1, preemptions: 0, usage: { inputTokens: 1, outputTokens: 1, reprefillTokens: 0 } },
      times: { accepted: 0, scheduled: 0, started: 0, ended: 1 },
    };
    const used = { core: 'a', inputTokens: 1, outputTokens: 1, costUsd: 1 };
    const ended = { ...used, status: 'done', at: 1, end, rated: undefined } as const;
    const journal = {
      append: () => undefined,
      find: async () => ({ call: stored('old'), ended }),
      close: async () => {},
    };
    const modules = [new ContainerModule(({ rebind }) => void rebind(PART.journal).toConstantValue(journal))];
    const { spawn } = testKernel([new ScriptedCore('a')], { modules });
    const { session } = await spawn();
    const rate = () => session.call('syscall.feedback', { syscallId: 'old', quality: 1 });
    const ends = await Promise.allSettled([rate(), rate()]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await errorOf(rate())).toMatchObject({ code: 'invalid-params' });
  });
});
