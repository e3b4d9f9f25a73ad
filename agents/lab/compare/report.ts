import { z } from 'zod';

/** A mean over seeds and its 95 % bootstrap interval; `low` and `high` are null with one seed. */
const figure = z.strictObject({ mean: z.number(), low: z.number().nullable(), high: z.number().nullable() });
const spread = z.strictObject({ p50: figure.nullable(), p90: figure.nullable(), p99: figure.nullable() });
const count = z.int().min(0);

/** What one policy did on the load. `null`: not reached, or not measured in this mode. */
const policyReport = z.strictObject({
  /** As given: name, and parameters as `name:key=value`. */
  name: z.string(),
  /** Mean score over all calls of the load, 0 to 1; a call without an answer scores 0. */
  quality: figure.nullable(),
  /** Mean quality that the policy predicted of the calls where it placed them; null: it does not predict. */
  predictedQuality: figure.nullable(),
  /** Mean quality that the policy was to reach; null: it has no such target. */
  alpha: z.number().nullable(),
  /**
   * Points that the mean score of the calls of all seeds lies above alpha. Its interval is over prompts, the same one counting as
   * one however often it was sent; null without alpha.
   */
  pointsOverAlpha: figure.nullable(),
  /** Points that the worst 1,000 calls in a row, in order of completion, lie above alpha; null without alpha, or with fewer calls. */
  worstWindow: figure.nullable(),
  /** US dollars of one seed's load. */
  costUsd: figure.nullable(),
  /** US dollars by sum of scores. */
  costPerCorrect: figure.nullable(),
  /** Accepted to started, milliseconds, over answered calls. */
  waitingMs: spread,
  /** Accepted to final. */
  turnaroundMs: spread,
  meanTurnaroundMs: figure.nullable(),
  /** Started to first token. */
  ttftMs: spread,
  /** First call sent to last call ended, of runs of one or more calls, pauses included. */
  runTurnaroundMs: spread,
  /** Answers a second, first call sent to last one ended. */
  throughputPerS: figure.nullable(),
  /** Seconds from the first call sent to the last one ended. */
  makespanS: figure.nullable(),
  /** Jain's index of the agents' mean slowdowns (turnaround by time on the core); 1 = all fare alike. */
  jain: figure.nullable(),
  /**
   * Calls that wait when the last run begins, by core: how long its slots need for them, as a share of the time in which runs
   * began; of the core with most. Where all calls are open this is how much more work than time the core has. Above
   * `OVERLOADED` the queue grows with the stream.
   */
  backlog: figure.nullable(),
  /**
   * The least cost at which all calls, known beforehand, reach the same predicted quality, if time were all that is short
   * (`agents/lab/bound/fluid-bound.ts`). Null without a policy that predicts, or out of reach in some seed.
   */
  bound: z.strictObject({
    /** Mean predicted quality of the cores that answered, by one forecast for all policies. */
    forecastQuality: figure.nullable(),
    /** US dollars of one seed's load. */
    costUsd: figure.nullable(),
    /** Cost of the policy by that of the bound. */
    costOver: figure.nullable(),
  }),
  /** Input tokens that were sent again after preemptions. */
  reprefillTokens: figure.nullable(),
  /** Requests that began while their core was full, over all seeds, as counted by a witness at the cores. */
  capViolations: count,
  /** How often, over all seeds, the policy threw and the kernel went on by itself, as fifo: such figures are not the policy's. */
  fallbacks: count,
  /** What it threw, over all seeds: in which of its methods, how often, and the message of the first time. */
  faults: z.array(z.strictObject({ hook: z.string(), times: count, first: z.string() })),
  /** Assignments of unknown calls or to unfit cores, over all seeds, which the kernel dropped. */
  invalidAssignments: count,
  /** Calls that never ended, over all seeds. */
  lost: count,
  failed: count,
  expired: count,
  cancelled: count,
  /** Calls that were refused, at admission or by the policy, over all seeds. */
  rejected: count,
  /**
   * Milliseconds of one decision. In virtual time without `--measure` the figures of this and the next two are those of a
   * model, `work-times.ts`, so that reports repeat byte for byte; else they are real.
   */
  decisionMs: z.strictObject({ p50: figure.nullable(), p99: figure.nullable() }),
  /** Encoding, predicting and deciding by call, milliseconds. With `--measure` and `--live` a prediction that was remembered counts with the time it took when it was made. */
  overheadMsPerCall: figure.nullable(),
  /** The same as a share of the time that calls were on a core. */
  overheadShare: figure.nullable(),
  /** Plain sums over all seeds, equal to those over the lines of `--calls`. */
  totals: z.strictObject({ calls: count, score: z.number(), costUsd: z.number() }),
});

/** What a policy did by comparison with the base, seed by seed. */
const pairedReport = z.strictObject({
  policy: z.string(),
  base: z.string(),
  /** Quality less the base's, in points of 100. */
  qualityPoints: figure.nullable(),
  /** Cost as a share of the base's: 0.8 = a fifth cheaper. */
  costShare: figure.nullable(),
  /** Mean turnaround as a share of the base's. */
  turnaroundShare: figure.nullable(),
});

/** What one setting reaches. */
const settingReport = z.strictObject({
  /** The policy with this setting, or the core. */
  name: z.string(),
  quality: figure.nullable(),
  /** US dollars of one seed's load. */
  costUsd: figure.nullable(),
  meanTurnaroundMs: figure.nullable(),
});

/** What a router reaches at several settings of what it aims at; a policy that was not swept has the one it took part with. */
const frontierReport = z.strictObject({
  /** A policy as given; `single models`: each core by itself, without caps, as its outcomes are known; `fluid bound`: see `bound` of a policy, at several prices of quality. */
  router: z.string(),
  points: z.array(settingReport),
  /** 1 - least cost that keeps this share of the best single model's quality / cost of that model. */
  savingAt: z.strictObject({ '1.00': figure.nullable(), '0.98': figure.nullable(), '0.95': figure.nullable() }),
  /** Mean quality from the cheapest to the best single model's cost (RouterBench's AIQ); null of one point. */
  aiq: figure.nullable(),
  /** The same less that of mixing the single models at random. */
  aiqMinusZero: figure.nullable(),
});

/**
 * What the sweep of a policy says by comparison with the one point of another, along the envelope of its settings. Null:
 * no setting is that good, or that cheap.
 */
const claimReport = z.strictObject({
  policy: z.string(),
  base: z.string(),
  /** Share of the base's cost that the policy saves at the base's quality, or at a higher one if it has no lower one. */
  savingAtEqualQuality: figure.nullable(),
  /** Mean turnaround there, as a share of the base's. */
  turnaroundShareAtEqualQuality: figure.nullable(),
  /** Points of 100 by which the policy answers better at the base's cost, or at a lower one if it has no higher one. */
  pointsAtEqualCost: figure.nullable(),
  /** Where the base was swept too: what the policy as it took part saves of the cost that the base's envelope has at its quality, or at its lowest. */
  savingAtOwnQuality: figure.nullable(),
  /** Its mean turnaround as a share of the base's there. */
  turnaroundShareAtOwnQuality: figure.nullable(),
});

/** A policy at several values of a parameter that trades cost for time: what each costs by comparison with the bound at its quality. */
const dialReport = z.strictObject({
  policy: z.string(),
  /** Seeds that were played, from the first one on. */
  seeds: count,
  /** The policy as it took part, then with each value. */
  points: z.array(
    z.strictObject({
      ...settingReport.shape,
      /** Cost by that of the fluid bound at the same predicted quality. */
      costOver: figure.nullable(),
    }),
  ),
});

/** The same policies at one pattern of arrivals and one load, which the main figures do not show. */
const conditionReport = z.strictObject({
  /** The trace, or the name of a synthetic load. */
  arrivals: z.string(),
  /** 80: as fast as keeps the cores 80 % busy under round-robin, or as given; others in proportion. */
  loadPercent: z.number(),
  speed: z.number(),
  policies: z.array(policyReport),
  claims: z.array(claimReport),
});

/** The load that every policy got, and under which caps. */
const loadReport = z.strictObject({
  /** `recorded`, or the name of a synthetic load. */
  name: z.string(),
  mode: z.enum(['virtual', 'live']),
  agents: count,
  /** Calls of one seed. */
  calls: count,
  /** Arrivals a second before `speed`; null: a trace or the agents' own pace set them. */
  ratePerS: z.number().nullable(),
  /** File that arrival times come from. */
  trace: z.string().nullable(),
  speed: z.number(),
  speedSource: z.enum(['given', 'calibrated', 'agents set the pace']),
  /** Share of all slots in use under round-robin from the first arrival to the last one, if the speed was calibrated. */
  busyShare: z.number().nullable(),
  /** What to know of this load before its figures are read: a calibration that fell short, intervals that leave something out. */
  notes: z.array(z.string()),
  /** Share of the answers that agents rate, the same answers for every policy. */
  feedback: z.number(),
  /** Whether predictors learn from them; each trial then has its own. */
  learn: z.boolean(),
  /** Folder of the predictor; null: the shipped one. */
  predictor: z.string().nullable(),
  /** Mean quality handed to policies that aim at one and were not given one; null: there are none. */
  alpha: z.number().nullable(),
  /** `round-robin`: .02 above the mean quality that is predicted of the cores that round-robin chooses. */
  alphaSource: z.enum(['given', 'round-robin']).nullable(),
  data: z.array(z.string()),
  split: z.string().nullable(),
  /** Records that all chosen models answered, and how many others were left out. */
  records: count.nullable(),
  leftOut: count.nullable(),
  capsSource: z.enum(['config', 'file', 'default']),
  cores: z.array(z.strictObject({ id: z.string(), cap: count, inputPerMTok: z.number(), outputPerMTok: z.number() })),
});

/** What one policy made of all records at one setting, in closed batches. */
const point = z.strictObject({
  policy: z.string(),
  /** Alpha of eccos, threshold of the per-call rules; null: the policy has none. */
  setting: z.number().nullable(),
  /** Mean score, 0 to 1. */
  quality: z.number(),
  /** Mean quality that the policy expected; null: it predicts nothing. */
  predictedQuality: z.number().nullable(),
  /** Mean US dollars a call. */
  costUsd: z.number(),
});

/** One comparison of eccos in closed batches. */
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
  /**
   * The interval is a bootstrap over records; an end is null where that many resamples do not reach the figure. Null:
   * outside the range of eccos, or (F1) predicted quality more than .3 points from alpha.
   */
  figure: figure.nullable(),
});

/** Policies in closed batches, on predictions by nets that have not seen the records. Every answer is rated. */
const batchReport = z.strictObject({
  folds: count,
  /** Calls that arrive together; null: all. */
  batch: count.nullable(),
  /** Slots of each model, free at the start of each batch; null: no caps. */
  caps: z.record(z.string(), count).nullable(),
  seed: z.int(),
  resamples: count,
  /** Whether the policies played every resample again; else each kept the core that it chose for a record. */
  replay: z.boolean(),
  points: z.array(point),
  gates: z.array(gate),
});

/** The machine-readable output of `eccos compare`. */
export const compareReport = z.strictObject({
  /** The command that makes this report again. */
  command: z.string(),
  seeds: z.array(z.int()),
  load: loadReport,
  policies: z.array(policyReport),
  paired: z.array(pairedReport),
  frontier: z.array(frontierReport),
  claims: z.array(claimReport),
  /** One for each policy that takes the parameter of `--dial`. */
  dials: z.array(dialReport),
  /** The main figures, then those at other arrivals and loads; none where there are no others. */
  conditions: z.array(conditionReport),
  /** Only with `--batch`; there are then no `policies`, and what follows from them. */
  batches: batchReport.optional(),
});

export type CompareReport = z.infer<typeof compareReport>;
export type PolicyReport = z.infer<typeof policyReport>;
export type PairedReport = z.infer<typeof pairedReport>;
export type FrontierReport = z.infer<typeof frontierReport>;
export type ClaimReport = z.infer<typeof claimReport>;
export type ConditionReport = z.infer<typeof conditionReport>;
export type DialReport = z.infer<typeof dialReport>;
export type LoadReport = z.infer<typeof loadReport>;
export type BatchReport = z.infer<typeof batchReport>;
export type Point = z.infer<typeof point>;
export type Gate = z.infer<typeof gate>;
