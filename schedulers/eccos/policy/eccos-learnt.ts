import { z } from 'zod';
import type { LearntKind } from '../../learnt.js';
import { beliefsState } from '../predictor/beliefs.js';

/*
 * What `eccos` has learnt, as it is kept from one kernel to the next. A change of what a number means needs another
 * version: a state of another version is refused, and learning begins anew.
 */

const n = z.number();
const six = z.tuple([n, n, n, n, n, n]);
const line = z.tuple([n, n]);

/** `CarriedPrice`: value, calls, and means of ranges of cost and quality. */
const priceState = z.tuple([n, n, n, n]);

const alphaState = z.strictObject({
  price: priceState,
  /** `QualityMargin`: count, bias, share of the prior mean, owed. */
  margin: z.tuple([n, n, n, n]),
  /** `UsualEase`: calls, mean, mean of squares. */
  ease: z.tuple([n, n, n]),
  /** `RecentMean`: count, mean. */
  predicted: z.tuple([n, n]),
  rated: z.tuple([n, n]),
  /** Set by itself; absent where it is given. */
  alpha: n.optional(),
  calls: n,
  ratings: n,
  nextSample: n,
  nextAlpha: n,
  step: n,
});

const startState = z.strictObject({ evidence: n, shared: line, local: z.array(z.tuple([z.string(), line])) });

const recalibrationState = z.strictObject({
  start: startState,
  shared: six,
  local: z.array(z.tuple([z.string(), six])),
  evidence: n,
  answers: n,
});

const state = z.strictObject({
  control: z.union([
    z.strictObject({ usualBias: n, tenants: z.array(z.tuple([z.string(), alphaState])) }),
    z.strictObject({ overspent: n, price: priceState }),
  ]),
  recalibration: z.strictObject({
    agreed: recalibrationState,
    own: z.array(z.tuple([z.string(), recalibrationState])),
  }),
  /** By core: count, TTFT, time per output token and of a whole answer in ms, tokens and those that were predicted. */
  times: z.array(z.tuple([z.string(), six])),
  /** By core, US dollars. */
  secondPrices: z.array(z.tuple([z.string(), n])),
  /** By party: answers, US dollars, seconds. */
  waiting: z.array(z.tuple([z.string(), z.tuple([n, n, n])])),
  /** Cores that column effects are of, in order; and the effects by tenant, with the calls that they rest on. */
  cores: z.array(z.string()),
  effects: z.array(z.tuple([z.string(), z.array(n)])),
  /** Sums over what was placed and rated: calls and their predicted quality, answers and their ratings. */
  sums: z.tuple([n, n, n, n]),
  predictor: beliefsState.optional(),
});

export const ECCOS_LEARNT = { policy: 'eccos', version: 1, state } as const satisfies LearntKind<typeof state>;

export type EccosLearnt = z.infer<typeof state>;
export type PriceLearnt = z.infer<typeof priceState>;
export type AlphaLearnt = z.infer<typeof alphaState>;
export type ControlLearnt = EccosLearnt['control'];
export type RecalibrationLearnt = z.infer<typeof recalibrationState>;
