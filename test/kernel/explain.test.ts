import { describe, expect, test } from 'vitest';
import { LOCAL } from '../../kernel/process/principal.js';
import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import { ask, errorOf, testKernel } from '../support/kernel.js';
import { madeUpPredictor } from '../support/made-up-predictor.js';
import { ScriptedCore } from '../support/scripted-core.js';

const cores = () => [new ScriptedCore('a', { cap: 1 }), new ScriptedCore('b', { cap: 1 })] as const;

describe('kernel.ps with explain', () => {
  test('says of a running call why it is on its core, and of a pending one why it waits', async () => {
    const [a, b] = cores();
    const policy = eccosPolicy(eccosParameters.parse({ alpha: '0.5' }), madeUpPredictor());
    const { spawn, pass } = testKernel([a, b], { policy });
    const { session } = await spawn();
    const replies = ['one', 'two', 'three'].map((text) => session.call('llm.chat', ask(text)));
    await pass(1);
    const { syscalls } = await session.call('kernel.ps', {});
    const idOf = (wanted: string) => syscalls.find(({ status }) => status === wanted)?.syscallId ?? '';
    const explained = async (explain: string) => (await session.call('kernel.ps', { explain })).explanation;
    const [started, running, waiting] = [
      idOf('running'),
      await explained(idOf('running')),
      await explained(idOf('waiting')),
    ];
    expect(running?.[0]).toMatch(/^on [ab]$/);
    expect(running?.[1]).toMatch(/^price of quality \$.*, aiming at 0.51\d for alpha 0.500/);
    expect(running?.slice(2).map((line) => line.split(' ')[0])).toEqual(['CORE', 'a', 'b']);
    expect(running?.filter((line) => line.endsWith('chosen'))).toHaveLength(1);
    expect(waiting?.[0]).toBe('waits: no slot was left for it');
    for (const core of [a, b]) core.last.finish();
    await pass(1);
    [a, b].find((core) => core.inFlight > 0)?.last.finish();
    expect((await Promise.all(replies)).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^quality 0\.\d{3} for \$/)),
    );
    // The id comes with the answer: what was decided is reported afterwards too, also when it has been rated.
    await session.call('syscall.feedback', { syscallId: started, quality: 1 });
    expect(await explained(started)).toEqual(running);
    expect(running?.[2]).toMatch(/^CORE .* PREDICTED BY/);
    expect(running?.filter((line) => / trained /.test(line))).toHaveLength(2);
  });

  test('is refused for a call of someone else, also when it has ended, and for one that never was', async () => {
    const [a, b] = cores();
    const { spawn, pass } = testKernel([a, b]);
    const alice = await spawn({ principal: { ...LOCAL, name: 'alice', operator: false } });
    const bob = await spawn({ principal: { ...LOCAL, name: 'bob', operator: false } });
    const reply = alice.session.call('llm.chat', ask());
    await pass(1);
    expect((await alice.session.call('kernel.ps', { explain: 's0' })).explanation).toEqual([]);
    expect(await errorOf(bob.session.call('kernel.ps', { explain: 's0' }))).toMatchObject({ code: 'not-found' });
    a.last.finish();
    await reply;
    expect((await alice.session.call('kernel.ps', { explain: 's0' })).explanation).toEqual([]);
    expect(await errorOf(bob.session.call('kernel.ps', { explain: 's0' }))).toMatchObject({ code: 'not-found' });
    expect(await errorOf(alice.session.call('kernel.ps', { explain: 's9' }))).toMatchObject({ code: 'not-found' });
  });
});

test('the policy learns how long the core took', async () => {
  const [a, b] = cores();
  const times: unknown[] = [];
  const { spawn, pass } = testKernel([a, b], {
    policy: {
      name: 'spy',
      schedule: ({ pending }) => pending.map(({ id }) => ({ syscallId: id, core: 'a', reason: '' })),
      release: (_, finished) => times.push(finished?.times),
    },
  });
  const { session } = await spawn();
  const reply = session.call('llm.chat', ask());
  await pass(30);
  a.last.say('hi');
  await pass(50);
  a.last.finish();
  await reply;
  expect(times).toEqual([{ ttftMs: 30, restMs: 50 }]);
});
