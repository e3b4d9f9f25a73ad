import { z } from 'zod';

/** A figure of the data, and its 95 % bootstrap interval; an end is null where that many resamples do not reach the figure. */
const figure = z.strictObject({ mean: z.number(), low: z.number().nullable(), high: z.number().nullable() });
const count = z.int().min(0);

/** What one policy made of all records at one setting. */
const point = z.strictObject({
  policy: z.string(),
  /** Alpha of eccos, threshold of the per-call rules; null: the policy has none. */
  setting: z.number().nullable(),
  /** Mean score, 0 to 1. */
  quality: z.number(),
  /** Mean quality that the policy expected; null: it says nothing. */
  predictedQuality: z.number().nullable(),
  /** Mean US dollars a call. */
  costUsd: z.number(),
});

/** One comparison of eccos. */
const gate = z.strictObject({
  /** As in the list of gates: B5, B6, C1, C2 or F1. */
  name: z.string(),
  /**
   * What eccos is compared with: a policy at one setting, or with `sweep` behind its name at all of its settings; the
   * figure is then the mean over those settings that lie in the range of eccos.
   */
  against: z.string(),
  /**
   * `cost`: at equal cost, how many points of 100 more of the answers are right. `quality`: at equal quality, the share
   * of the cost that is saved. `alpha`: at equal predicted quality, the share of the cost that is added.
   */
  at: z.enum(['cost', 'quality', 'alpha']),
  /** Null: outside the range of eccos, or (F1) predicted quality more than .3 points from alpha. */
  figure: figure.nullable(),
});

/** The machine-readable output of `eccos compare --batch`, one object a data file. */
export const batchReport = z.strictObject({
  /** The command that makes this report again. */
  command: z.string(),
  data: z.array(z.string()),
  models: z.array(z.string()),
  /** Records that all models answered, which are played. */
  records: count,
  /** The others; they are trained on all the same. */
  leftOut: count,
  folds: count,
  /** Calls that arrive together; null: all. */
  batch: count.nullable(),
  /** Slots of each model, free at the start of each batch; null: no caps. */
  caps: z.record(z.string(), count).nullable(),
  seed: z.int(),
  resamples: count,
  points: z.array(point),
  gates: z.array(gate),
});

export type BatchReport = z.infer<typeof batchReport>;
export type Point = z.infer<typeof point>;
export type Gate = z.infer<typeof gate>;
