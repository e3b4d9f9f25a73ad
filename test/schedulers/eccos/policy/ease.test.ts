import { describe, expect, test } from 'vitest';
import { AlphaControl } from '../../../../schedulers/eccos/policy/alpha-control.js';
import { easeOf, UsualEase } from '../../../../schedulers/eccos/policy/ease.js';

test('the ease of a call is its mean quality over the cores that are known', () => {
  const quality = Float64Array.of(0.1, 0.2, 0.5, Number.NaN, 0.5, 0.7, Number.NaN, Number.NaN, Number.NaN);
  expect(easeOf(quality, 1, 3)).toBeCloseTo(0.6, 12);
  expect(easeOf(quality, 2, 3)).toBe(0);
});

describe('usual ease', () => {
  test('is the mean, and follows when calls get harder', () => {
    const usual = new UsualEase();
    for (let i = 0; i < 100; i++) usual.add(i % 2);
    expect(usual.mean).toBeCloseTo(0.5, 12);
    for (let i = 0; i < 3000; i++) usual.add(0.1);
    expect(usual.mean).toBeCloseTo(0.1, 2);
  });

  test('is in doubt by one and a half standard errors while few calls are known, and not at all once 512 are', () => {
    const usual = new UsualEase();
    expect(usual.doubt).toBe(0);
    for (let i = 0; i < 64; i++) usual.add(i % 2);
    expect(usual.doubt).toBeCloseTo(1.5 * 0.5 * (1 / 8 - 1 / Math.sqrt(512)), 12);
    for (let i = 64; i < 512; i++) usual.add(i % 2);
    expect(usual.doubt).toBe(0);
  });

  test('is in no doubt where all calls are the same', () => {
    const { doubt } = UsualEase.of({
      n: 2,
      m: 2,
      quality: Float64Array.of(0.2, 0.4, 0.2, 0.4),
      costUsd: new Float64Array(4),
    });
    expect(doubt).toBeCloseTo(0, 9);
  });
});

describe('the price of quality', () => {
  /** A control that has seen 1,024 calls of ease .6 which were as good as aimed at. */
  function settled(): AlphaControl {
    const control = new AlphaControl({ alpha: 0.7, margin: 0, marginClip: [0, 0] });
    control.observe({ calls: 1, costUsd: 1, quality: 0.5 });
    control.begin({ n: 1, m: 2, quality: Float64Array.of(0.5, 0.9), costUsd: Float64Array.of(0, 1) }, 1);
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

  test('makes up for what calls that nobody judges owe, and leaves the rest to the margin', () => {
    const after = (judged: boolean) => {
      const control = settled();
      if (judged) for (let i = 0; i < 2048; i++) control.judged(0.7);
      // Harder calls, as much worse: the price stays, and a tenth is owed of each.
      for (let i = 0; i < 2; i++) place(control, 0.5, 0.6);
      const before = control.state.lambda;
      for (let i = 0; i < 4; i++) place(control, 0.6, 0.7);
      return Math.log(control.state.lambda / before);
    };
    expect(after(false)).toBeGreaterThan(after(true) + 0.2);
  });
});
