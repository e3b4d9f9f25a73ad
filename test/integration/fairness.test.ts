import { expect, test } from 'vitest';
import { VirtualClock } from '../../kernel/clock.js';
import { simulatedConfig, simulatedCore } from '../../kernel/cores/simulated.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import { kernelOn, spawnOn } from '../support/kernel.js';

const CONFIG = simulatedConfig.parse({
  kind: 'simulated',
  id: 'one',
  price: { inputPerMTok: 1, outputPerMTok: 10 },
  cap: 4,
  answerTokens: { median: 2000, spread: 0 },
  decodeSpeed: 100,
  chunkMs: 500,
});

/** Parameters whose answer is so many tokens long. */
const wants = (tokens: number, n: number) => ({
  messages: [{ role: 'user' as const, content: `question ${n}` }],
  maxTokens: tokens,
});

type Replies = Promise<{ readonly loud: readonly ChatReply[]; readonly quiet: readonly ChatReply[] }>;

const floods = new Map<string, Replies>();

/** One agent's flood of 300 calls of 2,000 tokens, then 20 of 50 tokens of another: the replies of both. Played once a policy. */
function flood(policy: string): Replies {
  const replies = floods.get(policy) ?? play(policy);
  floods.set(policy, replies);
  return replies;
}

async function play(policy: string): Replies {
  const clock = new VirtualClock();
  const kernel = kernelOn(clock, [simulatedCore(CONFIG, { clock, seed: 1, env: {} })], { policy });
  const [loud, quiet] = [await spawnOn(kernel), await spawnOn(kernel)];
  const replies = Promise.all([
    Promise.all(Array.from({ length: 300 }, (_, n) => loud.session.call('llm.chat', wants(2000, n)))),
    Promise.all(Array.from({ length: 20 }, (_, n) => quiet.session.call('llm.chat', wants(50, 1000 + n)))),
  ]);
  const [ofLoud, ofQuiet] = await clock.runUntil(replies);
  return { loud: ofLoud, quiet: ofQuiet };
}

const turnaround = (replies: readonly ChatReply[]) =>
  replies.reduce((sum, { times }) => sum + times.ended - times.accepted, 0) / replies.length;

test("under one agent's flood another agent's short calls are answered ten times faster by round-robin than by FIFO", async () => {
  const [fifo, roundRobin, sliced] = [
    await flood('fifo'),
    await flood('round-robin'),
    await flood('round-robin:timeSliceMs=500'),
  ];
  expect(turnaround(fifo.quiet) / turnaround(roundRobin.quiet)).toBeGreaterThan(10);
  expect(turnaround(roundRobin.quiet) / turnaround(sliced.quiet)).toBeGreaterThan(5);
});

test('sliced and unsliced answers are equal to the letter, and what slices cost is charged and reported', async () => {
  const [whole, sliced] = [await flood('round-robin'), await flood('round-robin:timeSliceMs=500')];
  expect(sliced.loud.map(({ text }) => text)).toEqual(whole.loud.map(({ text }) => text));
  expect(sliced.loud.map(({ usage }) => usage.outputTokens)).toEqual(whole.loud.map(({ usage }) => usage.outputTokens));
  const preempted = sliced.loud.filter(({ preemptions }) => preemptions > 0);
  expect(preempted.length).toBeGreaterThan(0);
  for (const { usage, costUsd } of preempted) {
    expect(usage.reprefillTokens).toBeGreaterThan(0);
    expect(costUsd).toBeCloseTo((usage.inputTokens * 1 + usage.outputTokens * 10) / 1e6, 12);
  }
  const unharmed = whole.loud[0] as ChatReply;
  for (const { usage } of preempted) expect(usage.inputTokens - usage.reprefillTokens).toBe(unharmed.usage.inputTokens);
});
