import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { Machine } from '../../../kernel/cores/machine.js';
import { lineThrough, type MachineSpeed, speedOf } from '../../../kernel/cores/machine-curve.js';

/** 1 ms a token read; a token takes 10 ms for one call, 1 ms more for each other one, and 2 ms for 1,000 tokens of context. */
const SPEED = speedOf({ prefillMs: { 1: 1, 1000: 1000 }, tpotMs: { 1: 10, 11: 20 }, contextMs: { 1: 2 } });
const PLAIN = speedOf({ prefillMs: { 1: 0 }, tpotMs: { 1: 10, 11: 20 }, contextMs: { 1: 0 } });

interface Job {
  readonly at: number;
  readonly readTokens: number;
  readonly tokens: number;
  /** Milliseconds after `at`; Infinity: never. */
  readonly abortAfter: number;
  readonly chunkMs: number;
}

interface Outcome {
  readonly first: number;
  readonly end: number;
  readonly tokens: number;
}

const job = (values: Partial<Job>): Job => ({
  ...{ at: 0, readTokens: 100, tokens: 50, abortAfter: Number.POSITIVE_INFINITY, chunkMs: 0 },
  ...values,
});

async function play(jobs: readonly Job[], speed: MachineSpeed): Promise<Outcome[]> {
  const clock = new VirtualClock();
  const machine = new Machine(speed, clock);
  const runs = jobs.map(
    ({ at, abortAfter, ...rest }) =>
      new Promise<Outcome>((resolve) => {
        const controller = new AbortController();
        let [first, tokens] = [-1, 0];
        if (abortAfter < Number.POSITIVE_INFINITY) clock.after(at + abortAfter, () => controller.abort());
        const onChunk = (chunk: { text: string; tokens: number }) => {
          if (first < 0) first = clock.now();
          expect(chunk.text).toBe(`${tokens}-${tokens + chunk.tokens}`);
          tokens += chunk.tokens;
        };
        const end = () => resolve({ first, end: clock.now(), tokens });
        clock.after(at, () => {
          const answer = { ...rest, textOf: (from: number, to: number) => `${from}-${to}` };
          machine.write(answer, { signal: controller.signal, onChunk }).then(end, end);
        });
      }),
  );
  const outcomes = await clock.runUntil(Promise.all(runs));
  expect(clock.pendingTimers).toBeLessThanOrEqual(jobs.length);
  return outcomes;
}

/** The same by another way: what is left of each call, from event to event. */
function reckon(jobs: readonly Job[], { prefillMs, tpotMs }: MachineSpeed): Outcome[] {
  const calls = jobs.map((one) => ({ ...one, left: one.tokens, first: -1, end: -1, state: 'away' }));
  let reading: { until: number } | undefined;
  let now = 0;
  for (;;) {
    const of = (state: string) => calls.filter((call) => call.state === state);
    const writing = of('writing');
    const context = writing.reduce((sum, call) => sum + call.readTokens + call.tokens / 2, 0) / writing.length;
    const pace = reading === undefined ? tpotMs(writing.length, context) : Number.POSITIVE_INFINITY;
    const open = calls.filter(({ state }) => state !== 'over');
    if (open.length === 0) break;
    const next = Math.min(
      ...of('away').map(({ at }) => at),
      ...open.map(({ at, abortAfter }) => at + abortAfter),
      ...writing.map(({ left }) => (left === 0 ? now : now + left * pace)),
      reading?.until ?? (of('here').length > 0 ? now : Number.POSITIVE_INFINITY),
    );
    for (const call of writing) call.left -= pace === Number.POSITIVE_INFINITY ? 0 : (next - now) / pace;
    now = next;
    if (reading !== undefined && reading.until <= now + 1e-9) {
      reading = undefined;
      for (const call of of('read')) Object.assign(call, { state: 'writing', first: call.tokens > 0 ? now : -1 });
    }
    for (const call of writing) if (call.left < 1e-7) Object.assign(call, { state: 'over', end: now, left: 0 });
    for (const call of calls) {
      if (call.state === 'away' && call.at <= now + 1e-9) call.state = 'here';
      if (call.state !== 'away' && call.state !== 'over' && call.at + call.abortAfter <= now + 1e-9) {
        Object.assign(call, { state: 'over', end: now });
      }
    }
    const here = of('here');
    if (reading === undefined && here.length > 0) {
      reading = { until: now + prefillMs(here.reduce((sum, { readTokens }) => sum + readTokens, 0)) };
      for (const call of here) call.state = 'read';
    }
  }
  return calls.map(({ first, end, tokens, left }) => ({
    first,
    end,
    tokens: first < 0 ? 0 : Math.min(tokens, 1 + Math.floor(tokens - left + 1e-6)),
  }));
}

describe('a batch of b calls', () => {
  test.each([1, 2, 8, 11])('takes what the curve says: %i', async (b) => {
    const outcomes = await play(
      Array.from({ length: b }, () => job({ tokens: 200 })),
      SPEED,
    );
    const tpotMs = 9 + b + 2 * 0.2;
    for (const { first, end, tokens } of outcomes) {
      expect(first).toBeCloseTo(100 * b, 6);
      expect(end).toBeCloseTo(100 * b + 200 * tpotMs, 6);
      expect(tokens).toBe(200);
    }
  });
});

test('calls that run are slower from the moment at which another comes, and faster from that at which it goes', async () => {
  const outcomes = await play([job({ tokens: 100 }), job({ at: 500, tokens: 20 })], PLAIN);
  // 50 tokens of 10 ms alone, 20 of 11 ms beside the other, 30 alone.
  expect(outcomes.map(({ end }) => Math.round(end))).toEqual([500 + 20 * 11 + 300, 500 + 20 * 11]);
});

test('nothing is written while an input is read, and what has come meanwhile is read at once', async () => {
  const outcomes = await play(
    [
      job({ readTokens: 10, tokens: 100 }),
      job({ at: 110, readTokens: 1000, tokens: 1 }),
      job({ at: 600, readTokens: 30, tokens: 1 }),
      job({ at: 700, readTokens: 30, tokens: 1 }),
    ],
    speedOf({ prefillMs: { 1: 1, 1000: 1000 }, tpotMs: { 1: 10 }, contextMs: { 1: 0 } }),
  );
  expect(outcomes.map(({ first }) => Math.round(first))).toEqual([10, 1110, 1170, 1170]);
  expect(outcomes.map(({ end }) => Math.round(end))).toEqual([1010 + 1000 + 60, 1180, 1180, 1180]);
});

test('text is gathered over chunkMs, and comes no sooner than it is written', async () => {
  const clock = new VirtualClock();
  const machine = new Machine(PLAIN, clock);
  const times = async (chunkMs: number) => {
    const start = clock.now();
    const seen: [number, number][] = [];
    const onChunk = ({ tokens }: { tokens: number }) => seen.push([Math.round(clock.now() - start), tokens]);
    const answer = { readTokens: 5, tokens: 6, chunkMs, textOf: () => '' };
    await clock.runUntil(machine.write(answer, { signal: new AbortController().signal, onChunk }));
    return seen;
  };
  expect(await times(0)).toEqual([
    [0, 1],
    [60, 5],
  ]);
  expect(await times(25)).toEqual([
    [0, 1],
    [25, 2],
    [50, 3],
  ]);
  expect(await times(1)).toEqual([0, 10, 20, 30, 40, 50].map((at) => [at, 1]));
});

test('an abort hands over what is written, in the middle of a chunk, and a call that aborts itself there ends once', async () => {
  const clock = new VirtualClock();
  const machine = new Machine(PLAIN, clock);
  const controller = new AbortController();
  let tokens = 0;
  const onChunk = (chunk: { tokens: number }) => {
    tokens += chunk.tokens;
    if (tokens >= 4) controller.abort(new Error('enough'));
  };
  const answer = { readTokens: 5, tokens: 100, chunkMs: 10, textOf: () => '' };
  const run = machine.write(answer, { signal: controller.signal, onChunk });
  await expect(clock.runUntil(run)).rejects.toThrow('enough');
  expect([tokens, clock.pendingTimers]).toEqual([4, 0]);
});

const jobs = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 2_000 }),
    readTokens: fc.integer({ min: 1, max: 400 }),
    tokens: fc.integer({ min: 0, max: 120 }),
    // A quarter past a millisecond, so that no abort meets the end of a token.
    abortAfter: fc.option(fc.integer({ min: 0, max: 3_000 }).map((ms) => ms + 0.2371)).map((ms) => ms ?? Infinity),
    chunkMs: fc.constantFrom(0, 7, 50),
  }),
  { minLength: 1, maxLength: 12 },
);

/** No prefill ends at a whole millisecond, at which calls come. */
const ODD = speedOf({ prefillMs: { 1: 1.01371, 1000: 998.7717 }, tpotMs: { 1: 10, 11: 20 }, contextMs: { 1: 2 } });

test('times and tokens are those of an independent calculation, for random arrivals, lengths and aborts', async () => {
  await fc.assert(
    fc.asyncProperty(jobs, async (jobs) => {
      const got = await play(jobs, ODD);
      for (const [i, expected] of reckon(jobs, ODD).entries()) {
        const { first, end, tokens } = got[i] as Outcome;
        expect(tokens).toBe(expected.tokens);
        expect(Math.abs(first - expected.first)).toBeLessThan(0.01);
        expect(Math.abs(end - expected.end)).toBeLessThan(0.01);
      }
    }),
    { numRuns: 200 },
  );
});

test('a line is level before its first point, and goes straight on behind its last, though never down', () => {
  const line = lineThrough({ 16: 3, 4: 1, 8: 2 });
  expect([1, 4, 6, 8, 12, 16, 24].map(line)).toEqual([1, 1, 1.5, 2, 2.5, 3, 4]);
  expect([1, 2, 4].map(lineThrough({ 1: 5, 2: 4 }))).toEqual([5, 4, 4]);
  expect([1, 9].map(lineThrough({ 3: 7 }))).toEqual([7, 7]);
});
