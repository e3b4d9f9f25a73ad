import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Journal } from '../../kernel/call/journal.js';
import { nullJournal } from '../../kernel/call/journal.js';
import { ContainerModule, PART } from '../../kernel/modules.js';
import { fifo } from '../../schedulers/fifo.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { ask, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

/** A journal that keeps what is learnt in a map, and fails while `fails` is set. */
function keeping(kept: Map<string, Uint8Array> = new Map()) {
  const state = { writes: 0, fails: false };
  const journal: Journal = {
    ...nullJournal,
    learnt: async (policy) => kept.get(policy),
    async keepLearnt(policy, snapshot) {
      state.writes++;
      if (state.fails) throw new Error('down');
      kept.set(policy, snapshot);
    },
  };
  return { kept, state, journal };
}

/** Counts the calls that were answered. */
function counting(): SchedulerPolicy & { answered: number } {
  return {
    ...fifo(),
    name: 'counting',
    answered: 0,
    release(_, finished) {
      if (finished !== undefined) this.answered++;
    },
    snapshot() {
      return Uint8Array.of(this.answered);
    },
    restore([first = 0]) {
      if (first > 100) throw new RangeError('Expected at most 100');
      this.answered = first;
    },
  };
}

function kernelWith(journal: Journal, policy: SchedulerPolicy) {
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  const module = new ContainerModule(({ rebind }) => {
    rebind(PART.journal).toConstantValue(journal);
  });
  const core = new ScriptedCore('core', { cap: 4 });
  const made = testKernel([core], { policy, modules: [module], log });
  const agent = made.spawn();
  /** One call that is answered within a second. */
  const answered = async () => {
    const asked = (await agent).session.call('llm.chat', ask());
    await made.pass(500);
    core.last.finish();
    await made.pass(500);
    await asked;
  };
  return { ...made, answered, logged };
}

test('what the policy learns is written ten seconds after something is new, and not while nothing is', async () => {
  const { journal, kept, state } = keeping();
  const { kernel, answered, pass } = kernelWith(journal, counting());
  await kernel.ready();
  await pass(60_000);
  expect(state.writes).toBe(0);
  await answered();
  await answered();
  expect(state.writes).toBe(0);
  await pass(9000);
  expect(kept.get('counting')).toEqual(Uint8Array.of(2));
  await pass(60_000);
  expect(state.writes).toBe(1);
});

test('a stop writes what is new, and the next kernel goes on from there', async () => {
  const { journal, kept } = keeping();
  const first = kernelWith(journal, counting());
  await first.kernel.ready();
  await first.answered();
  await first.clock.runUntil(first.kernel.stop());
  expect(kept.get('counting')).toEqual(Uint8Array.of(1));
  const policy = counting();
  await kernelWith(journal, policy).kernel.ready();
  expect(policy.answered).toBe(1);
});

test('what the policy refuses is logged once by its reason, and it begins anew', async () => {
  const { journal } = keeping(new Map([['counting', Uint8Array.of(200)]]));
  const policy = counting();
  const { kernel, logged } = kernelWith(journal, policy);
  await kernel.ready();
  expect(policy.answered).toBe(0);
  expect(logged).toEqual(['the policy begins anew: Expected at most 100']);
});

test('a store that fails costs one line in the log, and calls go on', async () => {
  const { journal, state } = keeping();
  state.fails = true;
  const { kernel, answered, pass, logged } = kernelWith(journal, counting());
  await kernel.ready();
  for (let n = 0; n < 2; n++) {
    await answered();
    await pass(20_000);
  }
  expect(state.writes).toBe(2);
  expect(logged).toEqual(['what the policy has learnt could not be kept']);
});

test('a policy that cannot say what it has learnt, or says too much, is asked for nothing', async () => {
  const { journal, state } = keeping();
  const { kernel, answered, pass } = kernelWith(journal, {
    ...counting(),
    snapshot: () => new Uint8Array(2 ** 20 + 1),
  });
  await kernel.ready();
  await answered();
  await pass(20_000);
  expect(state.writes).toBe(0);
});
