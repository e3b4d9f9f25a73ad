import { expect, test } from 'vitest';
import { claimsOf, frontiersOf, type Router, type Setting } from '../../../../agents/lab/compare/frontier.js';
import { SeedResamples } from '../../../../agents/lab/metrics/resamples.js';

/** A setting whose seeds lie around its mean, all settings alike. */
function setting(name: string, costUsd: number, quality: number, turnaround = 1000, spread = 0): Setting {
  return {
    name,
    seeds: [-1, 0, 1].map((step) => ({
      costUsd: costUsd * (1 + spread * step),
      quality,
      meanTurnaroundMs: turnaround,
    })),
  };
}

function alone(own: Setting): Router {
  return { name: own.name, own, sweep: [] };
}

const SINGLES = [setting('small', 1, 0.4), setting('large', 5, 0.8)];
const RESAMPLES = new SeedResamples(3);

test('AIQ and savings are those of the envelope between the cheapest and the best single model', () => {
  const sweep = [setting('a', 1, 0.4), setting('b', 2, 0.8)];
  const routers = [{ name: 'p', own: setting('p', 2, 0.8), sweep }];
  const [zero, p] = frontiersOf(routers, SINGLES, RESAMPLES);
  expect(zero).toMatchObject({ router: 'single models', savingAt: { '1.00': { mean: 0 } } });
  // A straight line from .4 to .8.
  expect(zero?.aiq?.mean).toBeCloseTo(0.6);
  expect(zero?.aiqMinusZero?.mean).toBeCloseTo(0);
  // The same line up to 2 dollars, .8 from there to 5.
  expect(p?.aiq?.mean).toBeCloseTo((0.6 * 1 + 0.8 * 3) / 4);
  expect(p?.aiqMinusZero?.mean).toBeCloseTo(0.75 - 0.6);
  expect(p?.savingAt['1.00']?.mean).toBeCloseTo(1 - 2 / 5);
  // .76 is nine tenths of the way from 1 to 2 dollars.
  expect(p?.savingAt['0.95']?.mean).toBeCloseTo(1 - 1.9 / 5);
  expect(p?.points.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('a policy that was not swept has one point, and no area', () => {
  const [, p] = frontiersOf([alone(setting('p', 2, 0.78))], SINGLES, RESAMPLES);
  expect(p).toMatchObject({ aiq: null, aiqMinusZero: null });
  expect(p?.savingAt['1.00']).toBeNull();
  expect(p?.savingAt['0.95']?.mean).toBeCloseTo(0.6);
});

test('claims compare a sweep with the one point of another policy, interpolated', () => {
  const sweep = [setting('low', 1, 0.4, 1000), setting('high', 3, 0.8, 3000)];
  const routers = [{ name: 'p', own: sweep[0] as Setting, sweep }, alone(setting('q', 4, 0.6, 500, 0.1))];
  const [claim, ...others] = claimsOf(routers, RESAMPLES);
  expect(others).toEqual([]);
  expect(claim).toMatchObject({ policy: 'p', base: 'q' });
  // Half way: 2 dollars and 2 seconds.
  expect(claim?.savingAtEqualQuality?.mean).toBeCloseTo(0.5);
  expect(claim?.turnaroundShareAtEqualQuality?.mean).toBeCloseTo(4);
  // 4 dollars are more than any setting costs.
  expect(claim?.pointsAtEqualCost?.mean).toBeCloseTo(20);
  const { low, high } = claim?.savingAtEqualQuality ?? {};
  expect(low).toBeLessThan(0.5);
  expect(high).toBeGreaterThan(0.5);
});

test('a policy as it is takes part against the line of another that was swept', () => {
  const line = [setting('low', 1, 0.4, 1000), setting('high', 3, 0.8, 3000)];
  const own = setting('p', 1, 0.6, 500);
  const claims = claimsOf(
    [
      { name: 'p', own, sweep: [own] },
      { name: 'q', own: line[0] as Setting, sweep: line },
    ],
    RESAMPLES,
  );
  // At .6 the line has 2 dollars and 2 seconds.
  const [claim, back] = claims;
  expect(claim?.savingAtOwnQuality?.mean).toBeCloseTo(0.5);
  expect(claim?.turnaroundShareAtOwnQuality?.mean).toBeCloseTo(0.25);
  // The first point of the line is not as good as the only setting of the other: that one is an answer too.
  expect(back?.savingAtOwnQuality?.mean).toBeCloseTo(0);
  const against = claimsOf([{ name: 'p', own, sweep: [own] }, alone(setting('r', 4, 0.6))], RESAMPLES)[0];
  expect(against).toMatchObject({ savingAtOwnQuality: null, turnaroundShareAtOwnQuality: null });
});

test('what no setting reaches is not claimed', () => {
  const sweep = [setting('low', 2, 0.4), setting('high', 3, 0.6)];
  const claim = (base: Setting) => claimsOf([{ name: 'p', own: base, sweep }, alone(base)], RESAMPLES)[0];
  expect(claim(setting('better', 9, 0.7))).toMatchObject({ savingAtEqualQuality: null });
  expect(claim(setting('cheaper', 1, 0.5))).toMatchObject({ pointsAtEqualCost: null });
  // The cheapest setting answers better already.
  expect(claim(setting('worse', 4, 0.3))?.savingAtEqualQuality?.mean).toBeCloseTo(0.5);
});

test('a turnaround that was not measured is none, and not 0', () => {
  const unanswered = ({ name, seeds }: Setting): Setting => ({
    name,
    seeds: seeds.map((seed, i) => (i === 1 ? { ...seed, meanTurnaroundMs: null } : seed)),
  });
  const base = setting('q', 4, 0.6, 500);
  const [low, high] = [setting('low', 1, 0.4, 1000), setting('high', 3, 0.8, 3000)];
  const share = (sweep: readonly Setting[], against: Setting) =>
    claimsOf([{ name: 'p', own: low, sweep }, alone(against)], RESAMPLES)[0]?.turnaroundShareAtEqualQuality;
  expect(share([low, high], base)?.mean).toBeCloseTo(4);
  expect(share([low, high], unanswered(base))).toBeNull();
  expect(share([low, unanswered(high)], base)).toBeNull();
  // Half of the mixture, and none of what is asked for.
  expect(share([low, unanswered(high)], setting('q', 4, 0.4, 500))?.mean).toBeCloseTo(2);
});

test('a figure that some resamples do not reach has no lower end', () => {
  const resamples = new SeedResamples(3);
  const [often, always] = resamples.figuresOf(({ seeds }) => [seeds[0] === 0 ? null : 1, 2]);
  expect(often).toEqual({ mean: 1, low: null, high: 1 });
  expect(always).toEqual({ mean: 2, low: 2, high: 2 });
  expect(new SeedResamples(1).figuresOf(() => [1, null])).toEqual([{ mean: 1, low: null, high: null }, null]);
});
