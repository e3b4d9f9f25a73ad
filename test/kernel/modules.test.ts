import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  bootKernel,
  ContainerModule,
  type Door,
  defaultConfig,
  type JournalEntry,
  type KernelEventMap,
  PART,
  VirtualClock,
} from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';
import { LOCAL } from '../../kernel/process/principal.js';
import { fifo } from '../../schedulers/fifo.js';
import { SyscallError } from '../../syscalls/errors.js';
import { ask, errorOf, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';
import { ToyStore } from '../support/toy-capacity.js';

type Load = ConstructorParameters<typeof ContainerModule>[0];

const binds = (load: (options: Parameters<Load>[0]) => unknown) => [
  new ContainerModule((options) => void load(options)),
];

test('two kernels on one capacity never run more than it allows', async () => {
  const store = new ToyStore(2);
  const modules = binds(({ rebind }) => rebind(PART.capacity).toResolvedValue(() => store.capacity()));
  const worlds = [0, 1].map(() => {
    const core = new ScriptedCore('a', { cap: 2 });
    return { core, ...testKernel([core], { modules }) };
  });
  const replies = [];
  for (const { spawn } of worlds) {
    const { session } = await spawn();
    for (let n = 0; n < 10; n++) replies.push(session.call('llm.chat', ask()));
  }
  let most = 0;
  for (let n = 0; n < 20; n++) {
    for (const { pass } of worlds) await pass(5);
    most = Math.max(
      most,
      worlds.reduce((sum, { core }) => sum + core.inFlight, 0),
    );
    worlds
      .find(({ core }) => core.requests.length > 0)
      ?.core.requests.shift()
      ?.finish();
  }
  expect(most).toBe(2);
  expect((await Promise.all(replies)).map(({ core }) => core)).toEqual(Array(20).fill('a'));
});

test('a call that is cancelled while capacity is asked never starts, and holds nothing', async () => {
  const store = new ToyStore(1);
  const modules = binds(({ rebind }) => rebind(PART.capacity).toResolvedValue(() => store.capacity()));
  const core = new ScriptedCore('a', { cap: 1 });
  const { spawn, pass, kernel } = testKernel([core], { modules });
  const { session } = await spawn();
  kernel.events.on('tick', () => void session.call('syscall.cancel', { syscallId: 's0' }));
  expect(await errorOf(Promise.race([session.call('llm.chat', ask()), pass(50)]))).toMatchObject({ code: 'cancelled' });
  const second = session.call('llm.chat', ask());
  await pass(50);
  expect(core.requests).toHaveLength(1);
  core.last.finish();
  expect(await second).toMatchObject({ syscallId: 's1' });
});

test('a capacity that fails closes the core for a second, and loses no call', async () => {
  let failures = 3;
  const store = new ToyStore(1).capacity();
  const modules = binds(({ rebind }) =>
    rebind(PART.capacity).toConstantValue({
      ...store,
      reserve(need, signal) {
        if (failures-- > 0) throw new Error('the store is away');
        return store.reserve(need, signal);
      },
    }),
  );
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { modules });
  const { session } = await spawn();
  const reply = session.call('llm.chat', ask());
  await pass(2500);
  expect(core.requests).toHaveLength(0);
  await pass(1000);
  core.last.finish();
  expect(await reply).toMatchObject({ core: 'a', attempts: 1 });
});

test('an agent learns of a call only after the journal holds it, and of its end only after that is written', async () => {
  const entries: JournalEntry[] = [];
  const waiting: (() => void)[] = [];
  const journal = {
    append(entry: JournalEntry) {
      entries.push(entry);
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: async () => {},
  };
  const core = new ScriptedCore('a');
  const modules = binds(({ rebind }) => rebind(PART.journal).toConstantValue(journal));
  const { spawn, pass } = testKernel([core], { modules });
  const { session, outbox } = await spawn();
  let replied = false;
  const reply = session.call('llm.chat', ask('hi')).finally(() => {
    replied = true;
  });
  await pass(10);
  expect(entries).toMatchObject([
    {
      type: 'accepted',
      id: 's0',
      call: { caller: { pid: 1, tenant: 'local', principal: 'local' }, params: ask('hi'), attempts: 0 },
    },
  ]);
  expect([outbox.sent.length, core.requests.length]).toEqual([0, 0]);
  waiting.shift()?.();
  await pass(10);
  expect([outbox.sent.length, core.requests.length]).toEqual([1, 1]);
  expect(entries[1]).toMatchObject({ type: 'started', id: 's0', core: 'a', attempt: 1 });
  waiting.shift()?.();
  core.last.finish();
  await pass(10);
  expect(entries[2]).toMatchObject({ type: 'ended', id: 's0', end: { syscallId: 's0', core: 'a' } });
  expect(replied).toBe(false);
  waiting.shift()?.();
  expect(await reply).toMatchObject({ syscallId: 's0' });
  const rated = session.call('syscall.feedback', { syscallId: 's0', quality: 1 });
  await pass(1);
  expect(entries[3]).toEqual({ type: 'rated', id: 's0', at: expect.any(Number), quality: 1 });
  waiting.shift()?.();
  expect(await rated).toEqual({ accepted: true });
});

test('a start that the journal does not take ends a call that must not start twice, and no other', async () => {
  const core = new ScriptedCore('a', { cap: 2 });
  const append = ({ type }: JournalEntry) => (type === 'started' ? Promise.reject(new Error('ENOSPC')) : undefined);
  const journal = { append, close: async () => {} };
  const modules = binds(({ rebind }) => rebind(PART.journal).toConstantValue(journal));
  const { spawn, pass } = testKernel([core], { modules });
  const { session } = await spawn();
  const error = errorOf(session.call('llm.chat', ask('once', { retry: 'never' })));
  const reply = session.call('llm.chat', ask('again'));
  await pass(10);
  expect(await error).toMatchObject({ code: 'busy', message: expect.stringContaining('storage') });
  expect(core.requests).toHaveLength(1);
  core.last.finish();
  expect(await reply).toMatchObject({ core: 'a' });
});

test('a call that the journal does not take is refused as busy and never starts', async () => {
  const core = new ScriptedCore('a');
  const journal = { append: () => Promise.reject(new Error('ENOSPC')), close: async () => {} };
  const modules = binds(({ rebind }) => rebind(PART.journal).toConstantValue(journal));
  const { spawn, pass } = testKernel([core], { modules });
  const { session, outbox } = await spawn();
  const error = errorOf(session.call('llm.chat', ask()));
  await pass(10);
  expect(await error).toMatchObject({ code: 'busy', message: 'storage: the journal did not take the call' });
  expect([outbox.sent.length, core.requests.length]).toEqual([0, 0]);
});

test('an embedder binds clock, policy, a kind of core and a door, and watches events by name', async () => {
  const clock = new VirtualClock();
  const kind = {
    kind: 'echo',
    config: z.strictObject({ kind: z.literal('echo'), id: z.string(), cap: z.int() }),
    create: ({ id, cap }: { readonly id: string; readonly cap: number }) => {
      const core = new ScriptedCore(id, { cap });
      return {
        info: core.info,
        async chat() {
          return {
            toolCalls: [],
            finishReason: 'stop' as const,
            usage: { inputTokens: 1, outputTokens: 1 },
            costUsd: 0,
          };
        },
      };
    },
  };
  const opened: string[] = [];
  const door: Door = { name: 'toy', open: () => void opened.push('toy') };
  const policy = { ...fifo(), name: 'mine' };
  const config = checkConfig({ cores: [{ kind: 'echo', id: 'e', cap: 2 }] }, 'the test', { coreKinds: [kind] });
  const kernel = await bootKernel(config, {
    modules: binds(({ bind, rebind }) => {
      rebind(PART.clock).toConstantValue(clock);
      rebind(PART.policy).toConstantValue(policy);
      bind(PART.coreKind).toConstantValue(kind);
      bind(PART.door).toConstantValue(door);
    }),
  });
  const started: Parameters<KernelEventMap['started']>[0][] = [];
  kernel.events.on('started', (event) => void started.push(event));
  const agent = kernel.connect({ name: 'agent' }, LOCAL);
  const reply = await clock.runUntil(agent.call('llm.chat', ask()));
  expect(reply).toMatchObject({ core: 'e', text: '' });
  expect(started).toMatchObject([{ core: 'e', running: 1 }]);
  expect(kernel.stats().policy).toBe('mine');
  expect(opened).toEqual(['toy']);
  await clock.runUntil(kernel.stop());
  expect(await agent.ended).toBe('draining');
});

test('an unknown kind of core is an error that names the kinds there are', async () => {
  const config = { ...defaultConfig(), cores: [{ kind: 'other', id: 'x' }] as never };
  await expect(bootKernel(config)).rejects.toThrow(
    new SyscallError(
      'invalid-config',
      'cores: x: Expected kind to be one of simulated, recorded, provider, got "other"',
    ),
  );
});
