import { expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { RemoteCore } from '../../../kernel/cluster/remote-core.js';
import type { CoreResult } from '../../../kernel/cores/core.js';
import { ScriptedCore } from '../../support/scripted-core.js';
import { callOf } from '../cores/ask.js';

const RESULT: CoreResult = {
  toolCalls: [],
  finishReason: 'stop',
  usage: { inputTokens: 1, outputTokens: 1 },
  costUsd: 0,
};

test('what one worker finds closes the core for all; then one call may try, and its end opens it everywhere', async () => {
  const clock = new VirtualClock();
  let reopened = 0;
  let answer: (result: CoreResult) => void = () => {};
  const core = new RemoteCore(new ScriptedCore('a'), {
    clock,
    ask: () =>
      new Promise<CoreResult>((resolve) => {
        answer = resolve;
      }),
    reopen: () => reopened++,
    bound: () => {},
  });
  expect(core.health().slots).toBe(Number.POSITIVE_INFINITY);
  core.report({ slots: 0, retryInMs: 100, misconfigured: 'its key is wrong' });
  expect(core.health()).toEqual({ slots: 0, retryAt: 100, misconfigured: 'its key is wrong' });
  await clock.runUntil(new Promise<void>((resolve) => clock.after(101, resolve)));
  expect(core.health().slots).toBe(1);
  const asked = core.chat(callOf('x'), { signal: new AbortController().signal, onChunk: () => {} });
  expect(core.health().slots).toBe(0);
  answer(RESULT);
  await asked;
  core.report({});
  expect(core.health().slots).toBe(Number.POSITIVE_INFINITY);
  expect(reopened).toBe(1);
});
