import { describe, expect, test } from 'vitest';
import { type Clock, VirtualClock } from '../../kernel/clock.js';
import type { CoreRequest, CoreResult, CoreRun, LLMCore } from '../../kernel/cores/core.js';
import { uniform } from '../../schedulers/uniform.js';
import { ask, kernelOn, spawnOn } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

interface Counted {
  readonly at: number;
  readonly tokens: number;
}

/** A provider that counts for itself, where the requests arrive: each is up to 900 ms on its way, and none is refused. */
class Witness implements LLMCore {
  readonly info;
  readonly arrivals: number[] = [];
  /** Input when it comes, output as it is written. */
  readonly written: Counted[] = [];
  /** All of a request when it comes. */
  readonly atStart: Counted[] = [];
  readonly #clock: Clock;
  readonly #draw: () => number;
  readonly #tokens: (draw: () => number) => number;

  constructor(clock: Clock, seed: number, tokens: (draw: () => number) => number) {
    const limits = { cap: 1000, requestsPerMinute: 300, tokensPerMinute: 20_000, contextWindow: 128_000 };
    this.info = new ScriptedCore('witness', limits).info;
    this.#clock = clock;
    this.#draw = uniform(seed);
    this.#tokens = tokens;
  }

  async chat({ inputTokens, maxTokens }: CoreRequest, { onChunk }: CoreRun): Promise<CoreResult> {
    await this.#pass(this.#draw() * 900);
    const outputTokens = Math.min(maxTokens ?? Infinity, Math.round(this.#tokens(this.#draw)));
    this.arrivals.push(this.#clock.now());
    this.written.push({ at: this.#clock.now(), tokens: inputTokens });
    this.atStart.push({ at: this.#clock.now(), tokens: inputTokens + outputTokens });
    const pieces = 4;
    for (let piece = 1; piece <= pieces; piece++) {
      await this.#pass((this.#draw() * 20_000) / pieces);
      const tokens = Math.floor((outputTokens * piece) / pieces) - Math.floor((outputTokens * (piece - 1)) / pieces);
      if (tokens === 0) continue;
      this.written.push({ at: this.#clock.now(), tokens });
      onChunk({ text: 'x', tokens });
    }
    await this.#pass(this.#draw() * 900);
    return { toolCalls: [], finishReason: 'stop', usage: { inputTokens, outputTokens }, costUsd: 0.001 };
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}

/** Most tokens in any 60 s. */
function mostIn60s(counted: readonly Counted[]): number {
  const sorted = counted.toSorted((a, b) => a.at - b.at);
  let from = 0;
  let sum = 0;
  let most = 0;
  for (const { at, tokens } of sorted) {
    sum += tokens;
    while ((sorted[from] as Counted).at <= at - 60_000) sum -= (sorted[from++] as Counted).tokens;
    most = Math.max(most, sum);
  }
  return most;
}

async function serve(
  policy: string,
  seed: number,
  tokens: (draw: () => number) => number,
  params: Record<string, unknown>,
) {
  const clock = new VirtualClock();
  const witness = new Witness(clock, seed, tokens);
  const kernel = kernelOn(clock, [witness], { policy });
  const { session } = await spawnOn(kernel);
  const calls = 200;
  const replies = Array.from({ length: calls }, (_, n) => session.call('llm.chat', ask(`call ${n}`, params)));
  await clock.runUntil(Promise.all(replies));
  const minutes = clock.now() / 60_000;
  const used = witness.atStart.reduce((sum, { tokens }) => sum + tokens, 0);
  return { witness, share: Math.max(used / 20_000, calls / 300) / minutes };
}

/** Log-normal with a mean of about 300. */
const lengths = (draw: () => number) =>
  270 * Math.exp(0.5 * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()));

describe.each([
  'fifo',
  'round-robin',
  'eccos',
])('under %s no 60 s of a provider hold more than its limits', (policy) => {
  test.each<[string, (draw: () => number) => number, Record<string, unknown>]>([
    ['short answers', () => 5, {}],
    ['answers of any length', lengths, {}],
    ['answers of 2,000 tokens, of which nothing was said', () => 2000, {}],
    ['answers that `maxTokens` bounds', lengths, { maxTokens: 400 }],
  ])('with %s', async (_, tokens, params) => {
    for (const seed of policy === 'fifo' ? [1, 2, 3] : [1]) {
      const { witness, share } = await serve(policy, seed, tokens, params);
      expect(mostIn60s(witness.arrivals.map((at) => ({ at, tokens: 1 })))).toBeLessThanOrEqual(300);
      expect(mostIn60s(witness.written)).toBeLessThanOrEqual(20_000);
      expect(mostIn60s(witness.atStart)).toBeLessThanOrEqual(20_000);
      expect(share).toBeGreaterThan(0.6);
    }
  });
});
