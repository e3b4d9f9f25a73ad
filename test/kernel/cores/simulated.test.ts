import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import type { CoreDeps } from '../../../kernel/cores/core-deps.js';
import { answerLength, hashedItems, isRight, passProbability } from '../../../kernel/cores/item-response.js';
import { simulatedConfig, simulatedCore } from '../../../kernel/cores/simulated.js';
import { textTokens } from '../../../kernel/tokens.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { ask, callOf, errorOf } from './ask.js';

const PRICE = { inputPerMTok: 1, outputPerMTok: 4 };

function world(config: object = {}, deps: Partial<CoreDeps> = {}) {
  const clock = new CountingClock();
  const decoded = simulatedConfig.parse({ kind: 'simulated', id: 'sim', price: PRICE, ...config });
  return { clock, core: simulatedCore(decoded, { clock, seed: 1, env: {}, ...deps }) };
}

/** Virtual time that knows how many timers were set and how many are left. */
class CountingClock extends VirtualClock {
  timersSet = 0;
  timersLeft = 0;

  override after(delay: number, run: () => void): () => void {
    this.timersSet++;
    this.timersLeft++;
    let isLeft = true;
    const end = () => {
      if (isLeft) this.timersLeft--;
      isLeft = false;
    };
    const cancel = super.after(delay, () => {
      end();
      run();
    });
    return () => {
      end();
      cancel();
    };
  }
}

/** Exactly 100 tokens in 100 ms + 10 tokens x 2 ms + 100 tokens x 10 ms. */
const EVEN = {
  answerTokens: { median: 100, spread: 0 },
  ttftMs: 100,
  prefillSpeed: 500,
  decodeSpeed: 100,
};

describe('time of a simulated core', () => {
  test('is TTFT by input, then one TPOT a token', async () => {
    const { clock, core } = world(EVEN);
    let firstAt = -1;
    const asked = ask(core, callOf('q'), () => {
      if (firstAt < 0) firstAt = clock.now();
    });
    const { usage, costUsd, finishReason } = await clock.runUntil(asked.result);
    expect(firstAt).toBe(120);
    expect(clock.now()).toBeCloseTo(1120, 6);
    expect({ usage, costUsd, finishReason }).toEqual({
      usage: { inputTokens: 10, outputTokens: 100 },
      costUsd: (10 * 1 + 100 * 4) / 1e6,
      finishReason: 'stop',
    });
    expect(asked.tokens()).toBe(100);
  });

  test('gathers tokens, and sets few timers', async () => {
    for (const [chunkMs, chunks] of [
      [50, 21],
      [0, 2],
      [1, 100],
    ]) {
      const { clock, core } = world({ ...EVEN, chunkMs });
      const asked = ask(core, callOf('q'));
      await clock.runUntil(asked.result);
      expect(asked.chunks.length).toBe(chunks);
      expect(clock.timersSet).toBeLessThanOrEqual((chunks ?? 0) + 1);
      expect(clock.timersLeft).toBe(0);
    }
  });

  test('grows with the calls that run already', async () => {
    const { clock, core } = world({ ...EVEN, cap: 5, slowdown: 1 });
    const ends: number[] = [];
    const calls = Array.from({ length: 5 }, (_, i) =>
      ask(core, callOf(`q${i}`)).result.then(() => ends.push(clock.now())),
    );
    await clock.runUntil(Promise.all(calls));
    expect(ends.map((at) => Math.round(at))).toEqual([1120, 1370, 1620, 1870, 2120]);
  });

  test('is none at all, without a timer, for a core that takes no time', async () => {
    const { clock, core } = world({ ttftMs: 0, prefillSpeed: 'unlimited', decodeSpeed: 'unlimited' });
    const asked = ask(core, callOf('q'));
    await asked.result;
    expect(clock.timersSet).toBe(0);
    expect(asked.tokens()).toBeGreaterThan(0);
  });
});

describe('an aborted call', () => {
  test('hands over what was written by then, and leaves no timer and no load', async () => {
    const { clock, core } = world({ ...EVEN, slowdown: 1, chunkMs: 500 });
    const asked = ask(core, callOf('q'));
    const reason = new Error('sliced');
    clock.after(345, () => asked.abort(reason));
    expect(await clock.runUntil(errorOf(asked.result))).toBe(reason);
    // Tokens come at 120, 130, ... 340.
    expect(asked.tokens()).toBe(23);
    expect(clock.timersLeft).toBe(0);
    const next = ask(core, callOf('q'));
    const start = clock.now();
    await clock.runUntil(next.result);
    expect(clock.now() - start).toBeCloseTo(1120, 6);
  });

  test('that was aborted beforehand does nothing', async () => {
    const { clock, core } = world(EVEN);
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(core.chat(callOf('q'), { signal, onChunk: () => expect.fail() })).rejects.toThrow('gone');
    expect(clock.timersSet).toBe(0);
  });
});

describe('the text', () => {
  test('is the same in slices as in one piece, and one token a word', async () => {
    const { clock, core } = world({ ...EVEN, answerTokens: { median: 300, spread: 0.5 } });
    for (let i = 0; i < 20; i++) {
      const whole = ask(core, callOf(`question ${i}`));
      await clock.runUntil(whole.result);
      let prefix = '';
      let prefixTokens = 0;
      for (let slice = 0; ; slice++) {
        const asked = ask(core, { ...callOf(`question ${i}`), prefix, prefixTokens });
        const cancel = clock.after(333 + slice, () => asked.abort(new Error('slice')));
        const error = await clock.runUntil(errorOf(asked.result));
        cancel();
        prefix += asked.text();
        prefixTokens += asked.tokens();
        if (error === undefined) break;
      }
      expect(prefix).toBe(whole.text());
      expect(prefixTokens).toBe(whole.tokens());
      expect(textTokens(prefix)).toBe(prefixTokens);
    }
  });

  test('ends at maxTokens, over all slices', async () => {
    const { clock, core } = world(EVEN);
    const cut = await clock.runUntil(ask(core, callOf('q', { maxTokens: 30 })).result);
    expect(cut).toMatchObject({ finishReason: 'length', usage: { outputTokens: 30 } });
    const resumed = ask(core, { ...callOf('q', { maxTokens: 30 }), prefix: 'x', prefixTokens: 20, maxTokens: 10 });
    expect(await clock.runUntil(resumed.result)).toMatchObject({
      finishReason: 'length',
      usage: { inputTokens: 30, outputTokens: 10 },
    });
    const full = ask(core, { ...callOf('q', { maxTokens: 30 }), prefix: 'x', prefixTokens: 30, maxTokens: 1 });
    expect(await clock.runUntil(full.result)).toMatchObject({ usage: { outputTokens: 0 } });
  });
});

describe('what is drawn', () => {
  const model = { id: 'm', ability: 0.5, discrimination: 1.5, answerTokens: { median: 200, spread: 0.5 } };
  const prompts = Array.from({ length: 4000 }, (_, i) => `query ${i}`);

  test('depends on seed, model and query only', () => {
    const draw = (id: string, seed: number) =>
      prompts.slice(0, 50).map((prompt) => answerLength({ ...model, id }, prompt, hashedItems(prompt), seed));
    expect(draw('m', 1)).toEqual(draw('m', 1));
    expect(draw('m', 1)).not.toEqual(draw('m', 2));
    expect(draw('m', 1)).not.toEqual(draw('n', 1));
  });

  test('is right as often as the item-response model says', () => {
    const items = prompts.map((prompt) => ({ prompt, item: hashedItems(prompt) }));
    const expected = items.reduce((sum, { item }) => sum + passProbability(model, item), 0) / items.length;
    const right = items.filter(({ prompt, item }) => isRight(model, prompt, item, 7)).length / items.length;
    expect(Math.abs(right - expected)).toBeLessThan(0.02);
    expect(passProbability(model, { difficulty: 0.5 })).toBe(0.5);
    const difficulties = items.map(({ item }) => item.difficulty);
    const mean = difficulties.reduce((a, b) => a + b) / difficulties.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(difficulties.reduce((a, b) => a + (b - mean) ** 2, 0) / difficulties.length).toBeCloseTo(1, 1);
  });

  test('has log-normal lengths around the median, scaled by the query', () => {
    const lengths = prompts.map((prompt) => answerLength(model, prompt, { difficulty: 0, lengthScale: 2 }, 7));
    lengths.sort((a, b) => a - b);
    expect(Math.abs((lengths[2000] ?? 0) - 400)).toBeLessThan(20);
    // The 84th percentile of a log-normal is one standard deviation up.
    expect(Math.abs((lengths[3365] ?? 0) - 400 * Math.exp(0.5))).toBeLessThan(40);
  });
});

describe('a core on a machine', () => {
  const fixed = { answerTokens: { median: 100, spread: 0 }, cap: 64 };
  const timeOf = async (config: object, calls: number) => {
    const { clock, core } = world({ ...fixed, ...config });
    await clock.runUntil(Promise.all(Array.from({ length: calls }, (_, i) => ask(core, callOf(`q${i}`)).result)));
    return clock.now();
  };

  test('takes what was measured, by the calls that run', async () => {
    // 64 calls of 10 tokens are one prefill of 640; their mean context is 10 + 100 / 2 tokens.
    const prefill = 14.143 + ((640 - 512) * (52.658 - 14.143)) / (2048 - 512);
    const slope = (10.303 - 6.882) / 1.536;
    expect(await timeOf({ machine: 'h200-8b' }, 64)).toBeCloseTo(prefill + 100 * (6.882 + (0.06 - 0.512) * slope), 1);
    expect(await timeOf({ machine: { prefillMs: { 1: 5 }, tpotMs: { 1: 10, 3: 30 } } }, 2)).toBeCloseTo(2005, 6);
  });

  test('goes on from a prefix, which it reads again', async () => {
    const { clock, core } = world({
      ...fixed,
      chunkMs: 20,
      machine: { prefillMs: { 1: 1, 101: 101 }, tpotMs: { 1: 10 } },
    });
    const first = ask(core, callOf('q'));
    clock.after(215, () => first.abort(new Error('sliced')));
    await clock.runUntil(errorOf(first.result));
    expect(first.tokens()).toBe(21);
    const resumed = ask(core, { ...callOf('q'), prefix: first.text(), prefixTokens: 21 });
    const start = clock.now();
    await clock.runUntil(resumed.result);
    expect(clock.now() - start).toBeCloseTo(31 + 79 * 10, 6);
    const whole = ask(core, callOf('q'));
    await clock.runUntil(whole.result);
    expect(first.text() + resumed.text()).toBe(whole.text());
  });

  test.each([
    [{ machine: 'h100' }, /^machine: /],
    [{ machine: { prefillMs: {}, tpotMs: { 1: 5 } } }, /^machine\.prefillMs: Expected one point or more/],
    [
      { machine: { prefillMs: { 1: 5 }, tpotMs: { '0': 5 } } },
      /^machine\.tpotMs\.0: Expected a point at a whole number from 1 to 999999999/,
    ],
    [{ machine: { prefillMs: { 1: 5 }, tpotMs: { 1: 0 } } }, /^machine\.tpotMs\.1: .*got 0/],
    [{ machine: 'h200-1b', decodeSpeed: 100 }, /^decodeSpeed: Expected no decodeSpeed beside machine, got 100/],
  ])('%j is refused', (config, message) => {
    const input = { kind: 'simulated', id: 'sim', price: PRICE, ...config };
    const { error } = simulatedConfig.safeParse(input);
    expect(describeIssue(error as NonNullable<typeof error>, input, '')).toMatch(message);
  });
});
