import { describe, expect, test } from 'vitest';
import { calibrate } from '../../../../agents/lab/compare/calibrate.js';
import { assemble, type Load } from '../../../../agents/lab/load/load.js';
import { run } from './small-comparison.js';

const SLOTS = 10;
const SERVICE_MS = 1000;

/** So many calls of a second each, evenly spread over a time. */
function evenLoad(calls: number, spanMs: number): Load {
  const call = { prompt: 'p', params: { messages: [] }, afterMs: 0 };
  const at = (i: number) => 5000 + (spanMs * i) / Math.max(1, calls - 1);
  return assemble(
    1,
    Array.from({ length: calls }, (_, i) => ({ agent: 0, at: at(i), calls: [call] })),
  );
}

/** One queue before all slots; what is in use after the last arrival does not count. */
function queue() {
  const speeds: number[] = [];
  return {
    speeds,
    busyMsOf: async ({ runs }: Load) => {
      const last = runs.at(-1)?.at ?? 0;
      speeds.push(last);
      const free = Array.from({ length: SLOTS }, () => 0);
      return runs.reduce((busyMs, { at }) => {
        const slot = free.indexOf(Math.min(...free));
        const from = Math.max(at, free[slot] as number);
        free[slot] = from + SERVICE_MS;
        return busyMs + Math.max(0, Math.min(last, from + SERVICE_MS) - from);
      }, 0);
    },
  };
}

describe('the speed of a load', () => {
  // 8 calls a second are 80 % of 10 slots.
  test.each([
    ['hardly any calls', 2000, 1_000_000, 4],
    ['a little too few', 2000, 300_000, 1.2],
    ['too many calls', 2000, 150_000, 0.6],
  ])('%s: cores are 80 % busy while calls arrive', async (_, calls, spanMs, expected) => {
    const { busyMsOf, speeds } = queue();
    const { speed, busyShare } = await calibrate(evenLoad(calls, spanMs), SLOTS, busyMsOf);
    expect(Math.abs(speed / expected - 1)).toBeLessThan(0.02);
    expect(busyShare).toBeGreaterThan(0.79);
    expect(busyShare).toBeLessThan(0.81);
    expect(speeds.length).toBeLessThanOrEqual(6);
  });

  test('does not count what runs when the last call has come', async () => {
    // 40 calls: 4 seconds of all slots, which is most of the time that they take.
    const { busyMsOf } = queue();
    const load = evenLoad(40, 40_000);
    const { speed, busyShare } = await calibrate(load, SLOTS, busyMsOf);
    expect(Math.abs((busyShare ?? 0) - 0.8)).toBeLessThan(0.02);
    expect(speed).toBeGreaterThan(8);
  });

  test('too few calls to fill the slots: the most that they keep in use', async () => {
    const { busyMsOf } = queue();
    const { speed, busyShare } = await calibrate(evenLoad(8, 8000), SLOTS, busyMsOf);
    expect(busyShare).toBeLessThan(0.5);
    expect(speed).toBeLessThan(1000);
  });

  test('a burst has none', async () => {
    const { busyMsOf, speeds } = queue();
    expect(await calibrate(evenLoad(8, 0), SLOTS, busyMsOf)).toEqual({ speed: 1, busyShare: null });
    expect(speeds).toEqual([]);
  });
});

test('a comparison reports the share that was measured: what is in use between its first and its last arrival', async () => {
  const { report, calls } = await run({ load: 'open', policies: ['round-robin'], base: 'round-robin', syscalls: 600 });
  const own = calls.get('round-robin/1') ?? [];
  const sent = own.map(({ sentAt }) => sentAt);
  const [first, last] = [Math.min(...sent), Math.max(...sent)];
  const slots = report.load.cores.reduce((sum, { cap }) => sum + cap, 0);
  const busyMs = own.reduce(
    (sum, { answer }) => sum + Math.max(0, Math.min(last, answer?.ended ?? 0) - Math.min(last, answer?.started ?? 0)),
    0,
  );
  expect(busyMs / slots / (last - first)).toBeCloseTo(report.load.busyShare ?? Number.NaN, 2);
  expect(Math.abs((report.load.busyShare ?? 0) - 0.8)).toBeLessThan(0.02);
});
