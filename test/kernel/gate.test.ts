import { pino } from 'pino';
import { expect, test } from 'vitest';
import { defaultConfig } from '../../kernel/boot.js';
import { VirtualClock } from '../../kernel/clock.js';
import { ContainerModule, compose, kernelContainer, PART } from '../../kernel/modules.js';
import { LOCAL } from '../../kernel/process/principal.js';
import { ask, errorOf } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

function world(core: ScriptedCore) {
  const clock = new VirtualClock();
  const given = new ContainerModule(({ bind, rebind }) => {
    rebind(PART.clock).toConstantValue(clock);
    bind(PART.cores).toConstantValue([core]);
  });
  const log = pino({ level: 'silent' });
  const { gate, kernel } = compose(kernelContainer({ config: defaultConfig(), env: {}, log }, [given]));
  const pass = (ms: number) => clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve)));
  const ended: string[] = [];
  const enter = () => gate.enter(LOCAL, { protocol: 1, name: 'a' }, (why) => void ended.push(why)).caller;
  return { gate, kernel, pass, enter, ended };
}

function sink() {
  const heard: string[] = [];
  return {
    heard,
    accepted: (id: string) => void heard.push(`accepted ${id.split('-').at(-1)}`),
    text: (piece: string) => void heard.push(piece),
    restart: () => void heard.push('restart'),
  };
}

test('a caller is plain data, and one process asks over several connections at once', async () => {
  const core = new ScriptedCore('a', { cap: 2 });
  const { gate, pass, enter } = world(core);
  const caller = enter();
  expect(JSON.parse(JSON.stringify(caller))).toEqual(caller);
  const [one, two] = [sink(), sink()];
  const first = gate.call(caller, 'llm.chat', ask('x', { stream: true }), { sink: one });
  const second = gate.call({ ...caller }, 'llm.chat', ask('y', { stream: true }), { sink: two });
  await pass(5);
  core.requests[1]?.say('second').finish();
  core.requests[0]?.say('first').finish();
  expect([(await first).text, (await second).text]).toEqual(['first', 'second']);
  expect([one.heard, two.heard]).toEqual([
    ['accepted 0', 'first'],
    ['accepted 1', 'second'],
  ]);
});

test('a kept call goes on without its process, and its sink hears nothing more', async () => {
  const core = new ScriptedCore('a');
  const { gate, kernel, pass, enter } = world(core);
  const caller = enter();
  const follower = sink();
  const reply = gate.call(caller, 'llm.chat', ask('x', { stream: true }), { sink: follower });
  await pass(5);
  core.last.say('one ');
  gate.leave(caller, 'keep');
  gate.leave(caller, 'cancel');
  core.last.say('two').finish();
  expect(await reply).toMatchObject({ text: 'one two' });
  expect(follower.heard).toEqual(['accepted 0', 'one ']);
  await pass(1);
  expect(kernel.stats()).toMatchObject({ agents: 0, syscalls: { done: 1, pending: 0, running: 0 } });
  expect(await errorOf(gate.call(caller, 'kernel.stats', {}))).toMatchObject({ code: 'disconnected' });
});

test('a call that is not kept ends with its process', async () => {
  const core = new ScriptedCore('a');
  const { gate, pass, enter, ended } = world(core);
  const caller = enter();
  const error = errorOf(gate.call(caller, 'llm.chat', ask()));
  await pass(5);
  gate.leave(caller, 'cancel');
  expect(await error).toMatchObject({ code: 'disconnected', retryable: true });
  expect(core.last.signal.aborted).toBe(true);
  expect(ended).toEqual([]);
});

test('an abort of the caller cancels the call, before its start and while it runs', async () => {
  const core = new ScriptedCore('a');
  const { gate, pass, enter } = world(core);
  const caller = enter();
  const early = gate.call(caller, 'llm.chat', ask(), { signal: AbortSignal.abort() });
  expect(await errorOf(early)).toMatchObject({ code: 'cancelled' });
  const controller = new AbortController();
  const late = errorOf(gate.call(caller, 'llm.chat', ask(), { signal: controller.signal }));
  await pass(5);
  expect(core.requests).toHaveLength(1);
  controller.abort();
  expect(await late).toMatchObject({ code: 'cancelled' });
  expect(core.last.signal.aborted).toBe(true);
});

test('a process that is killed is reported to its door', async () => {
  const { gate, enter, ended } = world(new ScriptedCore('a'));
  const caller = enter();
  expect(await gate.call(caller, 'agent.kill', { pid: caller.pid })).toEqual({ killed: [caller.pid] });
  expect(ended).toEqual(['killed']);
});

test.each([
  ['an unknown method', 'no.such', {}, 'method-not-found'],
  ['a second hello', 'agent.hello', { protocol: 1, name: 'x' }, 'invalid-request'],
  ['wrong parameters', 'llm.chat', { messages: [] }, 'invalid-params'],
])('%s is refused', async (_name, method, params, code) => {
  const { gate, enter } = world(new ScriptedCore('a'));
  expect(await errorOf(gate.call(enter(), method, params))).toMatchObject({ code });
});
