import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../kernel/call/journal.js';
import { realClock } from '../../kernel/clock.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import { providerConfig } from '../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../kernel/cores/provider/provider.js';
import { ContainerModule, PART } from '../../kernel/modules.js';
import { LOCAL } from '../../kernel/process/principal.js';
import type { FinishedCall, SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import { ask, kernelOn, spawnOn } from '../support/kernel.js';
import { anthropic, anthropicText, chunk, events, google, RawProvider } from '../support/raw-provider.js';

/** What a count may be on the wire: JSON has no NaN, but 1e999 is Infinity. */
const NUMBERS = ['-2', '-1000000', '1e15', '1e308', '1e999', '1.5', '"NaN"', '"-3"', '"1e9"', 'null', '[]', '{"a":1}'];
/** Stands for the number under test in an answer. */
const HOLE = 424_242;

const ANSWERS: Readonly<Record<string, (field: string) => readonly object[]>> = {
  'openai-compatible': (field) => {
    const usage = { prompt_tokens: 5, completion_tokens: 3, cost: 0.0001 };
    const details = { prompt_tokens_details: {}, completion_tokens_details: {} };
    const path = field.split('.');
    const all: Record<string, unknown> = { ...usage, ...details };
    if (path.length === 1) all[field] = HOLE;
    else all[path[0] as string] = { [path[1] as string]: HOLE };
    return [chunk({ role: 'assistant', content: 'all is well' }), chunk({}, 'stop'), { choices: [], usage: all }];
  },
  anthropic: (field) => anthropic([anthropicText('all is well')], 'end_turn', { output_tokens: 3, [field]: HOLE }),
  google: (field) => [
    google([{ text: 'all is well' }], 'STOP', { promptTokenCount: 5, candidatesTokenCount: 3, [field]: HOLE }),
  ],
};

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'openai-compatible': [
    ...['prompt_tokens', 'completion_tokens', 'total_tokens', 'cost', 'estimated_cost', 'prompt_cache_hit_tokens'],
    ...['prompt_tokens_details.cached_tokens', 'prompt_tokens_details.audio_tokens'],
    ...['completion_tokens_details.reasoning_tokens', 'completion_tokens_details.audio_tokens'],
  ],
  anthropic: ['input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'],
  google: [
    ...['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount', 'thoughtsTokenCount'],
    ...['cachedContentTokenCount', 'toolUsePromptTokenCount'],
  ],
};

let provider: RawProvider | undefined;
afterEach(async () => {
  await provider?.stop();
  provider = undefined;
});

/** A core whose answers hold each number in each place, one after another. */
async function hostileCore(kind: string): Promise<{ core: LLMCore; count: number }> {
  const bodies = (FIELDS[kind] ?? []).flatMap((field) =>
    NUMBERS.map((number) =>
      (ANSWERS[kind] as (field: string) => readonly object[])(field).map((event) =>
        JSON.stringify(event).replaceAll(String(HOLE), number),
      ),
    ),
  );
  provider = await RawProvider.start((response, _, index) => {
    // Headers are numbers of a provider too.
    response.setHeader('x-litellm-response-cost', NUMBERS[index % NUMBERS.length]?.replaceAll('"', '') ?? '');
    events(response, bodies[(7 * index) % bodies.length] as string[], { done: kind === 'openai-compatible' });
  });
  const config = providerConfig.parse({
    ...{ kind: 'provider', id: 'hostile', provider: kind, model: 'm', apiKeyEnv: 'KEY', cap: 4 },
    ...{ price: { inputPerMTok: 1, outputPerMTok: 10, perRequest: 0.0001 } },
    baseUrl: `${provider.origin}${kind === 'google' ? '/v1beta' : '/v1'}`,
  });
  const core = await providerCore(config, { clock: realClock, seed: 1, env: { KEY: 'key-of-the-test' } });
  return { core, count: bodies.length };
}

/** The policy, and all that it was given to learn from. */
function watched(policy: SchedulerPolicy): { policy: SchedulerPolicy; learnt: FinishedCall[] } {
  const learnt: FinishedCall[] = [];
  const release = policy.release?.bind(policy);
  policy.release = (id, finished) => {
    if (finished !== undefined) learnt.push(finished);
    release?.(id, finished);
  };
  return { policy, learnt };
}

/** Every number within a value. */
function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === 'number') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* numbersIn(member);
}

const MEMORY = 'eccos with a memory';

describe.each(['openai-compatible', 'anthropic', 'google'])('numbers that cannot be, from %s', (kind) => {
  test.each(['fifo', 'round-robin', 'eccos', 'least-loaded', MEMORY])('reach nothing under %s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'eccos-numbers-'));
    const spec = name === MEMORY ? `eccos:memory=${folder}` : name;
    const { core, count } = await hostileCore(kind);
    const { policy, learnt } = watched(createPolicy(spec));
    const written: JournalEntry[] = [];
    const journal = { append: (entry: JournalEntry) => void written.push(entry), close: async () => {} };
    const lines: string[] = [];
    const kernel = kernelOn(realClock, [core], {
      policy,
      modules: [new ContainerModule(({ rebind }) => void rebind(PART.journal).toConstantValue(journal))],
      log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    });
    const { session } = await spawnOn(kernel, { principal: { ...LOCAL, budgetUsd: 1 } });
    const rounds = name === MEMORY ? Math.min(count, 40) : count;
    for (let n = 0; n < rounds; n++) {
      const reply = await session.call('llm.chat', ask(`question ${n}`));
      expect(reply.text).toBe('all is well');
      for (const number of numbersIn(reply.usage)) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      expect(reply.costUsd).toBeGreaterThanOrEqual(0);
      expect(reply.costUsd).toBeLessThan(1);
      expect(reply.providerCostUsd ?? 0).toBeLessThanOrEqual(1);
      await session.call('syscall.feedback', { syscallId: reply.syscallId, quality: n % 2 });
    }
    const stats = await session.call('kernel.stats', {});
    for (const number of numbersIn([stats, learnt, written])) expect(Number.isFinite(number)).toBe(true);
    expect(learnt).toHaveLength(rounds);
    for (const { inputTokens, outputTokens, costUsd } of learnt) {
      expect(Number.isSafeInteger(inputTokens) && Number.isSafeInteger(outputTokens)).toBe(true);
      expect([inputTokens > 0, outputTokens > 0, costUsd >= 0 && costUsd < 1]).toEqual([true, true, true]);
    }
    const doubts = lines.filter((line) => line.includes('numbers that cannot be'));
    expect(doubts).toHaveLength(1);
    await kernel.stop();
    if (name === MEMORY) {
      const next = createPolicy(spec);
      await next.prepare?.([], [{ running: 0, free: 1, ...core.info }]);
      await next.close?.();
    }
    rmSync(folder, { recursive: true, force: true });
  });
});
