import { describe, expect, test } from 'vitest';
import { StandstillError, VirtualClock } from '../../kernel/clock.js';

describe('virtual time', () => {
  test('goes from timer to timer, and those of one moment run in the order they were set', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b ${clock.now()}`));
    clock.after(10, () => seen.push(`a ${clock.now()}`));
    const end = new Promise<void>((resolve) => clock.after(20, resolve));
    await clock.runUntil(end);
    expect(seen).toEqual(['a 10', 'b 20']);
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow(StandstillError);
  });

  test('what is computed on the thread makes late what is due meanwhile, and nothing else', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.after(10, () => clock.compute(25));
    for (const delay of [15, 30, 40]) clock.after(delay, () => seen.push(clock.now()));
    await clock.runUntil(new Promise<void>((resolve) => clock.after(50, resolve)));
    expect(seen).toEqual([35, 35, 40]);
  });

  test('stands still for work outside, which then is as late as it was said to take, while timers run', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const work = async (ms: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      clock.computeOutside(ms);
      clock.computeOutside(ms);
      return 'done';
    };
    clock.after(50, () => seen.push(`timer ${clock.now()}`));
    const done = clock.during(work(50)).then((result) => seen.push(`${result} ${clock.now()}`));
    await clock.runUntil(done);
    const again = clock.during(Promise.resolve('at once')).then((result) => seen.push(`${result} ${clock.now()}`));
    await clock.runUntil(again);
    expect(seen).toEqual(['timer 50', 'done 100', 'at once 100']);
  });

  test('work outside that fails takes no time, and the next one is not late for it', async () => {
    const clock = new VirtualClock();
    const failing = async () => {
      clock.computeOutside(10);
      throw new Error('lost');
    };
    await expect(clock.runUntil(clock.during(failing()))).rejects.toThrow('lost');
    await clock.runUntil(clock.during(Promise.resolve()));
    expect(clock.now()).toBe(0);
  });
});
