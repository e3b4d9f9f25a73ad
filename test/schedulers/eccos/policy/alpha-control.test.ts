import { describe, expect, test } from 'vitest';
import { AlphaControl } from '../../../../schedulers/eccos/policy/alpha-control.js';

describe('the price of quality', () => {
  /** A control that has seen 1,024 calls of ease .6 which were as good as aimed at. */
  function settled(marginClip: readonly [number, number] = [0, 0]): AlphaControl {
    const control = new AlphaControl({ alpha: 0.7, margin: 0, marginClip });
    control.observe({ calls: 1, costUsd: 1, quality: 0.5 });
    control.begin(
      () => ({ n: 1, m: 2, quality: Float64Array.of(0.5, 0.9), costUsd: Float64Array.of(0, 1), unknown: 0 }),
      1,
    );
    for (let i = 0; i < 16; i++) place(control, 0.6, 0.7);
    return control;
  }

  function place(control: AlphaControl, ease: number, quality: number): void {
    const sums = { calls: 64, quality: 64 * quality };
    control.placed({ ...sums, costUsd: 0, priced: { ...sums, ease: new Array<number>(64).fill(ease) } });
  }

  test('hardly moves with batches that are easier or harder than usual, and as much better or worse', () => {
    const control = settled();
    const before = control.state.lambda;
    place(control, 0.7, 0.8);
    expect(control.state.lambda / before).toBeCloseTo(1, 0);
    place(control, 0.5, 0.6);
    expect(control.state.lambda / before).toBeCloseTo(1, 0);
  });

  test('moves with a batch that is worse than calls as easy should be', () => {
    const control = settled();
    const before = control.state.lambda;
    place(control, 0.6, 0.6);
    expect(Math.log(control.state.lambda / before)).toBeCloseTo(0.4, 1);
  });

  test('makes up for what calls were predicted to miss, rated or not', () => {
    const control = settled([-1, 1]);
    // Harder calls, as much worse: the price hardly moves, and a tenth is owed of each.
    for (let i = 0; i < 2; i++) place(control, 0.5, 0.6);
    expect(control.state.aim! - 0.7).toBeCloseTo((128 * 0.1) / 384, 2);
    const before = control.state.lambda;
    place(control, 0.6, 0.7);
    expect(control.state.lambda).toBeGreaterThan(1.1 * before);
  });

  test('does not move for overdue calls, which take any free slot; what they miss is owed all the same', () => {
    const control = settled([-1, 1]);
    const before = control.state;
    const none = { calls: 0, quality: 0, ease: [] };
    control.placed({ calls: 64, quality: 64 * 0.5, costUsd: 0, priced: none });
    expect(control.state.lambda).toBe(before.lambda);
    expect(control.state.aim! - before.aim!).toBeCloseTo((64 * 0.2) / 384, 3);
  });

  test('moves further where quality answers less to it, within bounds', () => {
    const after = (qualityPerLog: number) => {
      const control = settled();
      control.responds(qualityPerLog);
      const before = control.state.lambda;
      place(control, 0.6, 0.69);
      return Math.log(control.state.lambda / before);
    };
    expect(after(1)).toBeCloseTo(0.04, 2);
    expect(after(0.1)).toBeCloseTo(0.1, 2);
    expect(after(0)).toBeCloseTo(0.16, 2);
  });
});
