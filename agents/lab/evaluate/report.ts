import { z } from 'zod';

/**
 * A figure of the data and its 95 % bootstrap interval over records. An end is null where there is none, or where so
 * many resamples do not reach the figure at all. Instead of the whole: null, not reached or not measured.
 */
const figure = z.strictObject({ mean: z.number(), low: z.number().nullable(), high: z.number().nullable() }).nullable();
const count = z.int().min(0);
/** US dollars of 1,000 queries, without the router's own cost. */
const costPer1000 = z.number().min(0);

/** Routing without caps, at one global price of quality, over the records that every model answered. */
const routing = z.strictObject({
  /** Of the quality of the best single model on these records: 1 - least cost that keeps this share / its cost. */
  savingAt: z.strictObject({ '1.00': figure, '0.98': figure, '0.95': figure }),
  /** Mean quality from the cheapest to the best single model's cost, less that of mixing single models. */
  aiqMinusZero: figure,
  /** Highest quality on the envelope. */
  topQuality: figure,
  /** Least cost of the highest quality, US dollars of 1,000 queries. */
  topCostPer1000: figure,
  /** Corners of the non-decreasing concave envelope, from cheap to expensive. */
  envelope: z.array(z.strictObject({ costPer1000, quality: z.number() })),
});

/** What is measured of the predictor and, where they have such a figure, of the baselines; each says on what, to stand alone. */
const measured = {
  /** Outcome files. */
  data: z.array(z.string()),
  models: z.array(z.string()),
  /** Records. */
  n: count,
  /** Mean over models. */
  auc: figure,
  /** Ten bins of equal count, mean over models. */
  ece: figure,
  /** Over all (record, model) pairs. */
  brier: figure,
  tokens: z.strictObject({
    /** R2 of log(1 + output tokens), mean over models. */
    r2Log: figure,
    /** Share of answers no longer than their predicted 90 % quantile. */
    p90Coverage: figure,
  }),
  /** Weight of the interaction that quality is shrunk by before routing; 1: not shrunk, null: nothing is predicted. */
  gamma: z.number().nullable(),
  routing,
  /** Time of one prediction, milliseconds. */
  predictMs: z.strictObject({ p50: figure, p99: figure }),
  /** Ten bins of equal count over all (record, model) pairs; none: nothing is predicted. */
  reliability: z.array(z.strictObject({ predicted: z.number(), observed: z.number(), count: z.number() })),
};

/** After some rated answers, one a record. A level of quality that a router does not reach is a saving of 0. */
const stageFigures = {
  auc: figure,
  brier: figure,
  savingAt: z.strictObject({ '0.98': figure, '0.95': figure }),
};

const stage = z.strictObject({
  answers: count,
  predictor: z.strictObject({ ...stageFigures, ece: figure }),
  /** Shown the same answers; `gain` is the predictor's figure less theirs, on the same resamples. */
  baselines: z.record(z.string(), z.strictObject({ ...stageFigures, ece: figure, gain: z.strictObject(stageFigures) })),
});

/** The machine-readable output of `eccos evaluate`. */
export const evaluationReport = z.strictObject({
  /** The command that makes this report again. */
  command: z.string(),
  /** Part of the data that is evaluated. */
  split: z.string(),
  /** Every prediction is by one of so many predictors that has not seen the record; null: one predictor for all. */
  folds: count.nullable(),
  /** Rated records that the predictor was to learn from first, and did; they are not measured. */
  feedback: z.strictObject({ asked: count, learnt: count }),
  /** Records that every model answered, which routing is measured on. */
  routed: count,
  /** The others. */
  leftOut: count,
  resamples: count,
  /** What each model does with all of the routed records. */
  singles: z.array(z.strictObject({ model: z.string(), costPer1000, quality: z.number() })),
  ...measured,
  /** The predictor's envelope at some costs, with the interval of its quality there. */
  band: z.array(z.strictObject({ costPer1000, low: z.number(), high: z.number() })),
  baselines: z.record(z.string(), z.strictObject(measured)),
  /** What the predictor has learnt after the numbers of rated answers that `--after` asks for. */
  after: z.array(stage),
});

export type EvaluationReport = z.infer<typeof evaluationReport>;
export type MeasuredReport = EvaluationReport['baselines'][string];
