import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { Asker, WorkTurns } from '../../../kernel/doors/work-turns.js';

function world() {
  const clock = new VirtualClock();
  const turns = new WorkTurns(clock);
  const done: string[] = [];
  const asker = (name: string, ms: number, later = 0) => {
    const calls: string[] = [];
    const input = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
    const made = new Asker(input);
    const ask = (n: number, bytes = 0) => {
      const work = () => {
        clock.compute(ms);
        done.push(`${name}${n}`);
        return later;
      };
      return turns.take(made, { bytes, work });
    };
    return { asker: made, calls, ask };
  };
  const turn = () => clock.runUntil(new Promise<void>((resolve) => clock.after(0, resolve)));
  return { clock, turns, done, asker, turn };
}

describe('work in turns', () => {
  test('is done at once while there is little of it', async () => {
    const { done, asker, turn, clock } = world();
    const [a, b] = [asker('a', 1), asker('b', 1)];
    a.ask(1);
    b.ask(1);
    a.ask(2);
    expect(done).toEqual(['a1', 'b1', 'a2']);
    await turn();
    expect([clock.pendingTimers, a.calls, b.calls]).toEqual([0, [], []]);
  });

  test('beyond 4 ms of a turn it waits unread, in turns of 4 ms, and all of it is done in order', async () => {
    const { done, asker, turn, clock } = world();
    const a = asker('a', 1);
    for (let n = 0; n < 11; n++) a.ask(n);
    expect([done.length, a.calls]).toEqual([4, ['pause']]);
    await turn();
    expect([done.length, a.calls]).toEqual([8, ['pause']]);
    await turn();
    expect(done).toEqual(Array.from({ length: 11 }, (_, n) => `a${n}`));
    expect(a.calls).toEqual(['pause', 'resume']);
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });

  test('who comes anew waits for one piece of each of the others at most', async () => {
    const { done, asker, turn } = world();
    const floods = Array.from({ length: 20 }, (_, n) => asker(`f${n}-`, 1));
    for (let n = 0; n < 50; n++) for (const flood of floods) flood.ask(n);
    for (let n = 0; n < 10; n++) await turn();
    const before = done.length;
    const victim = asker('v', 0.1);
    victim.ask(1);
    while (!done.includes('v1')) await turn();
    expect(done.indexOf('v1') - before).toBeLessThanOrEqual(floods.length);
  });

  test('shares are by bytes, not by pieces: small pieces of one pass large ones of another', async () => {
    const { done, asker, turn } = world();
    const [large, small] = [asker('L', 20), asker('s', 1)];
    for (let n = 0; n < 5; n++) large.ask(n, 19 * 1024);
    for (let n = 0; n < 100; n++) small.ask(n);
    while (done.length < 105) await turn();
    const passed = done.slice(0, done.indexOf('L2')).filter((name) => name.startsWith('s')).length;
    expect(passed).toBeGreaterThanOrEqual(19);
    expect(passed).toBeLessThanOrEqual(61);
  });

  test('a small piece of who comes anew goes before the large ones that wait, which go on in their turn', async () => {
    const { done, asker, turn } = world();
    const large = Array.from({ length: 10 }, (_, n) => asker(`L${n}-`, 20));
    for (const one of large) for (let n = 0; n < 3; n++) one.ask(n, 2 ** 20);
    const small = asker('s', 0.1);
    for (let n = 0; n < 30; n++) {
      await turn();
      const before = done.length;
      small.ask(n);
      await turn();
      expect(done.slice(before, before + 2)).toContain(`s${n}`);
    }
    expect(done.filter((name) => name.startsWith('L'))).toHaveLength(30);
  });

  test('small pieces pass a large one for a bounded while', async () => {
    const { done, asker, turn } = world();
    asker('first', 5).ask(0);
    asker('L', 5).ask(0, 2 ** 20);
    const small = Array.from({ length: 20 }, (_, n) => asker(`s${n}-`, 1));
    for (let n = 0; n < 50; n++) for (const one of small) one.ask(n);
    while (!done.includes('L0')) await turn();
    // 32 KiB are 32 of each.
    expect(done.indexOf('L0')).toBeLessThanOrEqual(1 + 32 * small.length);
  });

  test('a long reply counts like a long request', async () => {
    const { done, asker, turn, turns } = world();
    const [a, b] = [asker('a', 5), asker('b', 5)];
    for (let n = 0; n < 9; n++) {
      a.ask(n);
      b.ask(n);
    }
    turns.charge(a.asker, 4 * 1024);
    for (let n = 0; n < 5; n++) await turn();
    expect(done.slice(0, 6)).toEqual(['a0', 'b0', 'b1', 'b2', 'b3', 'b4']);
  });

  test('what follows a piece later counts too', async () => {
    const { done, asker, turn } = world();
    const a = asker('a', 0, 2);
    for (let n = 0; n < 6; n++) a.ask(n);
    expect(done.length).toBe(2);
    await turn();
    expect(done.length).toBe(4);
  });

  test('a past of much work is forgotten when nothing waits', async () => {
    const { done, asker, turn } = world();
    const [old, young] = [asker('o', 3), asker('y', 3)];
    for (let n = 0; n < 100; n++) {
      old.ask(n);
      await turn();
    }
    done.length = 0;
    for (let n = 0; n < 4; n++) {
      young.ask(n);
      old.ask(n);
    }
    while (done.length < 8) await turn();
    expect(done.indexOf('o1')).toBeLessThanOrEqual(4);
  });

  test('nothing of who is held is done, nor read, until he is released', async () => {
    const { done, asker, turn, turns } = world();
    const a = asker('a', 1);
    turns.hold(a.asker);
    turns.hold(a.asker);
    a.ask(1);
    await turn();
    expect([done, a.calls]).toEqual([[], ['pause']]);
    turns.release(a.asker);
    await turn();
    expect([done, a.calls]).toEqual([['a1'], ['pause', 'resume']]);
  });

  test('what is read in one turn is bounded: who reads more goes on in the next one', async () => {
    const { asker, turn, turns, clock } = world();
    const [a, b, held] = [asker('a', 1), asker('b', 1), asker('h', 1)];
    for (let n = 0; n < 4; n++) turns.read(a.asker, 2 ** 16);
    expect(a.calls).toEqual([]);
    for (const { asker } of [a, b, held]) turns.read(asker, 2 ** 16);
    turns.hold(held.asker);
    expect([a.calls, b.calls]).toEqual([['pause'], ['pause']]);
    await turn();
    expect([a.calls, b.calls]).toEqual([
      ['pause', 'resume'],
      ['pause', 'resume'],
    ]);
    expect(held.calls).not.toContain('resume');
    turns.read(a.asker, 2 ** 16);
    await turn();
    await turn();
    expect([a.calls.length, clock.pendingTimers]).toEqual([2, 0]);
  });

  test('what waits of who is gone is dropped', async () => {
    const { done, asker, turn, turns, clock } = world();
    const a = asker('a', 5);
    for (let n = 0; n < 3; n++) a.ask(n);
    turns.drop(a.asker);
    turns.drop(a.asker);
    await turn();
    await turn();
    expect([done, clock.pendingTimers]).toEqual([['a0'], 0]);
  });

  test('more at once than requests can be is a flood', () => {
    const { asker } = world();
    const a = asker('a', 5);
    let floods = 0;
    for (let n = 0; n < 3000; n++) if (a.ask(n)) floods++;
    expect(floods).toBe(3000 - 1 - 2048);
  });
});
