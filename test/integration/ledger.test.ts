import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { realClock } from '../../kernel/clock.js';
import { providerCore } from '../../kernel/cores/provider/provider.js';
import { configFor } from '../kernel/cores/provider/raw-world.js';
import { ask, kernelOn, spawnOn } from '../support/kernel.js';
import { chunk, completion, events, json, RawProvider, usage } from '../support/raw-provider.js';

/** Each policy; `LEDGER_CALLS=100000 npx vitest run test/integration/ledger.test.ts` is the long run. */
const CALLS = Number(process.env['LEDGER_CALLS'] ?? 400);
const LIMIT_MS = 120_000 + 60 * CALLS;
const CAP = 16;
const AT_ONCE = 64;
const PRICE = { inputPerMTok: 1, outputPerMTok: 10, cachedInputPerMTok: 0.1, reasoningPerMTok: 5 };

/** What a provider does with one request. `billed` is what its ledger says, in millionths of a dollar. */
interface Deed {
  readonly send: Parameters<typeof RawProvider.start>[0];
  readonly billed: number;
  /** Whether the answer is cut: then the kernel knows a part of the bill only. */
  readonly isCut: boolean;
}

const text = 'one two three four five';
const whole = (
  usageMore: object,
  billed: number,
  list: object[] = [chunk({ content: text }), chunk({}, 'stop')],
): Deed => ({
  send: (response) => events(response, [...list, usage(100, 20, usageMore)], { done: true }),
  billed,
  isCut: false,
});
const refused = (status: number, error: object, headers: Record<string, string> = {}): Deed => ({
  send: (response) => json(response, status, { error }, headers),
  billed: 0,
  isCut: false,
});
const cut = (list: readonly unknown[], how: 'end' | 'reset'): Deed => ({
  send: async (response) => {
    events(response, list, { end: how === 'end' });
    if (how === 'end') return;
    await new Promise((resolve) => setTimeout(resolve, 2));
    response.socket?.resetAndDestroy();
  },
  // All of the prompt, and at least what has arrived.
  billed: 0,
  isCut: true,
});

const DEEDS: readonly Deed[] = [
  whole({}, 100 + 200),
  whole({}, 100 + 200),
  whole({ prompt_tokens_details: { cached_tokens: 80 } }, 20 + 8 + 200),
  whole({ completion_tokens_details: { reasoning_tokens: 10 } }, 100 + 100 + 50),
  whole({ total_tokens: 150 }, 100 + 500),
  whole({}, 300, [chunk({ reasoning_content: 'hm' }), chunk({ content: text }), chunk({}, 'length')]),
  {
    send: (response) => events(response, [...completion(text).slice(0, 2), usage(100, 20)], { done: true, end: false }),
    billed: 300,
    isCut: false,
  },
  refused(400, { message: 'no', type: 'invalid_request_error' }),
  refused(429, { message: 'slow down' }, { 'retry-after-ms': '1' }),
  refused(503, { message: 'down' }),
  { send: (response) => json(response, 200, { error: { message: 'no', code: 502 } }), billed: 0, isCut: false },
  cut([chunk({ content: 'one two three' })], 'end'),
  cut([chunk({ content: 'one two three' })], 'reset'),
  cut([chunk({ reasoning_content: 'one two three' })], 'reset'),
  cut([chunk({ content: 'one' }), '{"choices":'], 'end'),
  cut([chunk({ content: 'one two' }), chunk({}, 'abort')], 'end'),
];

describe.each(['fifo', 'round-robin', 'eccos'])('%s', (policy) => {
  test(
    `${CALLS} calls through providers that mix all faults: each ends once, no cap is passed, the books agree`,
    async () => {
      const plan = fc.sample(fc.nat(DEEDS.length - 1), { numRuns: CALLS * 4, seed: 11 });
      const ledger = { whole: 0, cuts: 0 };
      const inFlight = [0, 0];
      const most = [0, 0];
      let next = 0;
      const providers = await Promise.all(
        [0, 1].map((core) =>
          RawProvider.start(async (response, request, index) => {
            inFlight[core] = (inFlight[core] ?? 0) + 1;
            most[core] = Math.max(most[core] ?? 0, inFlight[core] ?? 0);
            const leave = () => {
              inFlight[core] = (inFlight[core] ?? 0) - 1;
            };
            response.once('close', leave);
            const deed = DEEDS[plan[next++ % plan.length] ?? 0] as Deed;
            if (deed.isCut) ledger.cuts++;
            else ledger.whole += deed.billed;
            await deed.send(response, request, index);
          }),
        ),
      );
      const cores = await Promise.all(
        providers.map(({ origin }, index) => {
          const config = configFor(origin, {
            id: `core${index}`,
            cap: CAP,
            price: PRICE,
            breaker: { failures: 1000, halfOpenAfterMs: 1 },
          });
          return providerCore(config, { clock: realClock, seed: 1, env: { KEY: 'key' } });
        }),
      );
      const kernel = kernelOn(realClock, cores, { policy, limits: { retryBackoffMs: { base: 1, max: 2 } } });
      const finals = new Map<string, number>();
      // The kernel's own tool for those who watch.
      kernel.events.on('final', ({ call: { id } }) => finals.set(id, (finals.get(id) ?? 0) + 1));
      const { session } = await spawnOn(kernel);
      const ended = { done: 0, failed: 0 };
      let asked = 0;
      const worker = async () => {
        while (asked++ < CALLS) {
          await session.call('llm.chat', ask('q')).then(
            () => ended.done++,
            () => ended.failed++,
          );
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));

      expect(ended.done + ended.failed).toBe(CALLS);
      expect(ended.done).toBeGreaterThan(CALLS / 4);
      expect(finals.size).toBe(CALLS);
      expect(Math.max(...finals.values())).toBe(1);
      expect(Math.max(...most)).toBeLessThanOrEqual(CAP);
      // To the cent and below for what was answered; what was cut is bounded by its prompt and what came of it.
      const cost = kernel.stats().usage.costUsd * 1e6;
      expect(cost).toBeGreaterThanOrEqual(ledger.whole - 1e-3);
      expect(cost).toBeLessThanOrEqual(ledger.whole + ledger.cuts * CUT_AT_MOST + 1e-3);
      await kernel.stop();
      await Promise.all(providers.map((provider) => provider.stop()));
    },
    LIMIT_MS,
  );
});

/** Millionths of a dollar: the prompt as the kernel counts it, and three tokens. */
const CUT_AT_MOST = 10 + 3 * 10;
