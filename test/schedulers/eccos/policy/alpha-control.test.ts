import { describe, expect, test } from 'vitest';
import { AlphaControl } from '../../../../schedulers/eccos/policy/alpha-control.js';

describe('the price of quality', () => {
  /** A control that has seen 1,024 calls of ease .6 which were as good as aimed at. */
  function settled(): AlphaControl {
    const control = new AlphaControl({ alpha: 0.7, margin: 0, marginClip: [0, 0] });
    control.observe({ calls: 1, costUsd: 1, quality: 0.5 });
    control.begin(() => ({ n: 1, m: 2, quality: Float64Array.of(0.5, 0.9), costUsd: Float64Array.of(0, 1) }), 1);
    for (let i = 0; i < 16; i++) place(control, 0.6, 0.7);
    return control;
  }

  function place(control: AlphaControl, ease: number, quality: number): void {
    control.placed({ calls: 64, quality: 64 * quality, costUsd: 0, ease: new Array<number>(64).fill(ease) });
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
    expect(Math.log(control.state.lambda / before)).toBeCloseTo(0.8, 1);
  });

  test('makes up for what calls without a rating owe, and leaves the rest to the margin', () => {
    const after = (rated: boolean) => {
      const control = settled();
      if (rated) for (let i = 0; i < 2048; i++) control.rated(0.7, 0.7);
      // Harder calls, as much worse: the price stays, and a tenth is owed of each.
      for (let i = 0; i < 2; i++) place(control, 0.5, 0.6);
      const before = control.state.lambda;
      for (let i = 0; i < 4; i++) place(control, 0.6, 0.7);
      return Math.log(control.state.lambda / before);
    };
    expect(after(false)).toBeGreaterThan(after(true) + 0.2);
  });
});
