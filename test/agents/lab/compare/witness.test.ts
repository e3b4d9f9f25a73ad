import { expect, test } from 'vitest';
import { Witness } from '../../../../agents/lab/compare/witness.js';
import { VirtualClock } from '../../../../kernel/clock.js';
import type { CoreResult, LLMCore } from '../../../../kernel/cores/core.js';

const RESULT: CoreResult = {
  toolCalls: [],
  finishReason: 'stop',
  usage: { inputTokens: 1, outputTokens: 1 },
  costUsd: 0,
};

/** A core with cap 2 whose calls take a second; one that is `broken` fails after it. */
function slowCore(clock: VirtualClock, broken = false): LLMCore {
  const info = { id: 'slow', cap: 2 } as LLMCore['info'];
  return {
    info,
    chat: () =>
      new Promise((resolve, reject) => {
        clock.after(1000, () => (broken ? reject(new Error('broken')) : resolve(RESULT)));
      }),
  };
}

function ask(core: LLMCore): Promise<unknown> {
  return core.chat({} as never, {} as never).catch(() => 'failed');
}

test.each([
  false,
  true,
])('a request that begins on a full core is a violation, one at the cap is not (core broken: %s)', async (broken) => {
  const clock = new VirtualClock();
  const witness = new Witness(clock, Infinity);
  const core = witness.watch(slowCore(clock, broken));
  await clock.runUntil(Promise.all([ask(core), ask(core)]));
  await clock.runUntil(Promise.all([ask(core), ask(core)]));
  expect(witness.capViolations).toBe(0);
  expect(witness.busyMs).toBe(4000);
  await clock.runUntil(Promise.all([ask(core), ask(core), ask(core)]));
  expect(witness.capViolations).toBe(1);
});

test('time of slots is added up to a moment, caps are looked at beyond it', async () => {
  const clock = new VirtualClock();
  const witness = new Witness(clock, 1500);
  const core = witness.watch(slowCore(clock));
  await clock.runUntil(Promise.all([ask(core), ask(core)]));
  await clock.runUntil(Promise.all([ask(core), ask(core), ask(core)]));
  expect(witness.busyMs).toBe(2 * 1000 + 3 * 500);
  await clock.runUntil(ask(core));
  expect(witness.busyMs).toBe(2 * 1000 + 3 * 500);
  expect(witness.capViolations).toBe(1);
});
