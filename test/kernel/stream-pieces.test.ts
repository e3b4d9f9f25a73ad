import { describe, expect, test } from 'vitest';
import { SyscallError } from '../../syscalls/errors.js';
import { ask, errorOf, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

test('tool calls are streamed in the order in which they are written, pieces of one joined', async () => {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core]);
  const { session, outbox } = await spawn();
  const reply = session.call('llm.chat', ask('x', { stream: true }));
  await pass(1);
  core.last.say('I look.').say(' Now.').call('c1', 'f', '{').call('c1', 'f', '}').call('c2', 'g', '{}');
  await pass(100);
  core.last.say(' Done.').finish();
  await reply;
  const chunks = outbox.sent.flatMap((sent) => (sent.method === 'llm.chunk' ? [sent.params] : []));
  expect(chunks.map(({ text, toolCalls }) => [text, toolCalls])).toEqual([
    ['I look.', undefined],
    [
      ' Now.',
      [
        { id: 'c1', name: 'f', arguments: '{}' },
        { id: 'c2', name: 'g', arguments: '{}' },
      ],
    ],
    [' Done.', undefined],
  ]);
});

describe('restart', () => {
  const failing = async (restart: 'allow' | 'forbid', say: (core: ScriptedCore) => void) => {
    const cores = [new ScriptedCore('a'), new ScriptedCore('b')] as const;
    const { spawn, pass } = testKernel(cores);
    const { session } = await spawn();
    const reply = session.call('llm.chat', ask('x', { stream: true, restart }));
    reply.catch(() => {});
    await pass(1);
    say(cores[0]);
    cores[0].last.fail(new SyscallError('core-failed', 'no'));
    await pass(1);
    const goesOn = cores[1].requests.length === 1;
    if (goesOn) cores[1].last.say('whole').finish();
    return goesOn ? (await reply).text : errorOf(reply);
  };

  test('a call that allows it starts again after a piece', async () => {
    expect(await failing('allow', (core) => core.last.say('half'))).toBe('whole');
  });

  test('one that forbids it does so only before the first piece', async () => {
    expect(await failing('forbid', () => {})).toBe('whole');
    expect(await failing('forbid', (core) => core.last.say('half'))).toMatchObject({ code: 'core-failed' });
    expect(await failing('forbid', (core) => core.last.call('c', 'f', '{'))).toMatchObject({ code: 'core-failed' });
  });
});

test('a full kernel says when a call would start, not how long one takes', async () => {
  const core = new ScriptedCore('a', { cap: 20 });
  const { spawn, pass } = testKernel([core], { limits: { pendingTotal: 40 } });
  const { session } = await spawn();
  const replies = Array.from({ length: 40 }, () => session.call('llm.chat', ask()));
  await pass(1599);
  for (const request of core.requests.slice(0, 20)) request.finish();
  await pass(1);
  replies.push(...Array.from({ length: 20 }, () => session.call('llm.chat', ask())));
  // 40 have started in 1.6 s, and 20 are before it.
  expect(await errorOf(session.call('llm.chat', ask()))).toMatchObject({ code: 'busy', retryAfterMs: 800 });
  for (const reply of replies) reply.catch(() => {});
});
