import { expect, test } from 'vitest';
import { ATTACKS } from '../../../../agents/lab/poisoning/attacks.js';
import { MOST_HARM, poisoning } from '../../../../agents/lab/poisoning/poisoning.js';
import { plainPredictors } from './plain-predictor.js';

/**
 * Of two seeds and few calls: chance alone moves cost by some percent, so the bounds are wider than those of the full trial. Before
 * ratings were kept by tenant all 0 moved cost by a factor of up to 2.7 with the predictor that ships.
 */
const ROOM = 2;
const WANTED = ['all 0', 'names of other tenants, 1'];

test("one party's false ratings leave the quality and the cost of others as they are", async () => {
  const attacks = ATTACKS.filter(({ name }) => WANTED.includes(name));
  const harms = await poisoning({ calls: 300, seeds: 2, policy: 'eccos', attacks, predictors: plainPredictors });
  expect(harms).toHaveLength(4);
  for (const { attack, tenant, beside } of harms) {
    for (const [control, { points, ratio }] of Object.entries(beside)) {
      const harm = { attack, tenant, control, points: Math.abs(points.mean), cost: Math.abs(ratio.mean - 1) };
      expect(harm.points, JSON.stringify(harm)).toBeLessThanOrEqual(ROOM * MOST_HARM.points);
      expect(harm.cost, JSON.stringify(harm)).toBeLessThanOrEqual(ROOM * MOST_HARM.cost);
    }
  }
}, 180_000);
