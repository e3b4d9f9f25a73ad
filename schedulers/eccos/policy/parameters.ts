import { z } from 'zod';
import { numberText, predictorFolders } from '../../parameters.js';
import type { Predictor } from '../predictor/prediction.js';
import { AlphaControls } from './alpha-controls.js';
import { BudgetControl } from './budget-control.js';
import { EccosPolicy } from './eccos-policy.js';

/** The margin may fall by two thirds of what it may rise. */
const FALL = 2 / 3;

/** Parameters of `eccos`, as texts: numbers are written like `0.7`. */
export const eccosParameters = z
  .strictObject({
    /** Mean quality to reach over the stream. @default mean predicted quality over the cores of the first 64 calls, + .02 */
    alpha: numberText(0, 1).optional(),
    /** US dollars to spend in an hour, in place of `alpha`. */
    budgetPerHour: numberText(1e-9, 1e9).optional(),
    /** Share of what sets one core apart on one call that is believed; the rest is taken for noise. */
    gamma: numberText(0, 1).default(0.7),
    /** By how much predicted quality aims above alpha before anything is rated. */
    margin: numberText(0, 1).default(0.01),
    /** How far feedback may raise the margin; it may lower it by two thirds of that. */
    marginClip: numberText(0, 1).default(0.15),
    /** Least milliseconds between two ticks, unless 64 calls are new since. 0: whenever something happens. */
    tickMs: numberText(0, 60_000).default(0),
    /** Milliseconds pending after which a call goes before all others: 20 ticks of a quarter of a second. */
    overdueMs: numberText(0, 1e9).default(5000),
    /**
     * US dollars that an hour of one call's waiting costs: a call waits for a full core that saves more. `auto`: twice what an
     * hour of answering costs; `never`: no slot idles while a call waits.
     */
    waitPrice: z
      .union([z.enum(['auto', 'never']), numberText(0, 1e9)], 'Expected auto, never, or a number')
      .default('auto'),
    /** `program`: programs that wait for slots take turns by the time that their calls take; `none`: calls are equal. */
    fairness: z.enum(['none', 'program']).default('none'),
    /**
     * In a queue calls are ordered by expected time less so many times the time waited. 1: short answers first, and no one
     * waits for long; less, such as 0.1 with a larger `overdueMs`: shorter ones sooner, for cores that cannot keep up.
     */
    ageing: numberText(0, 1000).default(1),
    /** What becomes of a call whose `minQuality` no core is expected to reach: its best core, or the error `infeasible`. */
    infeasible: z.enum(['best-effort', 'refuse']).default('best-effort'),
    ...predictorFolders,
  })
  .refine(({ alpha, budgetPerHour }) => alpha === undefined || budgetPerHour === undefined, {
    path: ['budgetPerHour'],
    message: 'Expected one of alpha and budgetPerHour',
  });

/** @param parameters as decoded by `eccosParameters` */
export function eccosPolicy(
  parameters: Omit<z.infer<typeof eccosParameters>, keyof typeof predictorFolders>,
  predictor: Predictor,
): EccosPolicy {
  const { alpha, budgetPerHour, margin, marginClip, ...rules } = parameters;
  const control =
    budgetPerHour === undefined
      ? new AlphaControls({ alpha, margin, marginClip: [-FALL * marginClip, marginClip] })
      : new BudgetControl(budgetPerHour);
  return new EccosPolicy({ ...rules, predictor, control });
}
