import { expect, test } from 'vitest';
import { VirtualClock } from '../../kernel/clock.js';
import { simulatedConfig, simulatedCore } from '../../kernel/cores/simulated.js';
import { kernelOn, spawnOn } from '../support/kernel.js';

const CONFIG = simulatedConfig.parse({
  kind: 'simulated',
  id: 'gpu',
  price: { inputPerMTok: 1, outputPerMTok: 10 },
  cap: 4,
  answerTokens: { median: 400, spread: 0.5 },
  machine: 'h200-8b',
});

async function play(policy: string) {
  const clock = new VirtualClock();
  const kernel = kernelOn(clock, [simulatedCore(CONFIG, { clock, seed: 1, env: {} })], { policy });
  const agents = [await spawnOn(kernel), await spawnOn(kernel)];
  const asked = Array.from({ length: 40 }, (_, n) => {
    const { session } = agents[n % 2] as (typeof agents)[number];
    return session.call('llm.chat', { messages: [{ role: 'user', content: `question ${n}` }] });
  });
  return clock.runUntil(Promise.all(asked));
}

test('calls that share a machine may be sliced: the answers are equal to the letter', async () => {
  const [whole, sliced] = [await play('fifo'), await play('round-robin:timeSliceMs=500')];
  expect(sliced.reduce((sum, { preemptions }) => sum + preemptions, 0)).toBeGreaterThan(20);
  for (const [i, { text, usage }] of sliced.entries()) {
    expect(text).toBe(whole[i]?.text);
    expect(usage.outputTokens).toBe(whole[i]?.usage.outputTokens);
  }
});
