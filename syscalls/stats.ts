import { z } from 'zod';

export const statsParams = z.strictObject({});

const milliseconds = z.strictObject({ p50: z.number(), p99: z.number() });

/** Counts since boot, and what is there now. Distributions are over the last 1,000 events. */
export const statsReply = z.strictObject({
  policy: z.string(),
  uptimeMs: z.number(),
  agents: z.int(),
  syscalls: z.strictObject({
    accepted: z.int(),
    rejected: z.int(),
    done: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    expired: z.int(),
    pending: z.int(),
    running: z.int(),
  }),
  retries: z.int(),
  preemptions: z.int(),
  usage: z.strictObject({
    inputTokens: z.number(),
    outputTokens: z.number(),
    reprefillTokens: z.number(),
    cachedInputTokens: z.number().optional(),
    cacheWriteTokens: z.number().optional(),
    audioInputTokens: z.number().optional(),
    reasoningTokens: z.number().optional(),
    audioOutputTokens: z.number().optional(),
    costUsd: z.number(),
    providerCostUsd: z.number().optional(),
  }),
  waitingMs: milliseconds,
  turnaroundMs: milliseconds,
  scheduler: z.strictObject({
    ticks: z.int(),
    /** Ticks and preparations in which the policy threw, and the kernel's own FIFO decided instead. */
    fallbacks: z.int(),
    /** Assignments that named no pending call, no eligible core, or a call twice. They are dropped. */
    invalidAssignments: z.int(),
    /** Real time of one decision. */
    decisionMs: milliseconds,
    /** Real time until the policy had prepared one batch of new calls: its predictor, in its thread; 0 where it has none. */
    prepareMs: milliseconds,
    /** The same by the calls of the batch. */
    prepareCallMs: milliseconds,
  }),
  /** What the policy aims at and expects, if it says so. */
  outlook: z
    .strictObject({
      /** Mean quality that the stream of calls is to reach. */
      alpha: z.number().optional(),
      /** Mean quality that was predicted for the calls placed so far. */
      predictedQuality: z.number().optional(),
      /** The target is out of reach of the cores, as far as is known. */
      outOfReach: z.boolean(),
      /** Calls placed by a simpler rule, because a tick would have taken too long. */
      greedy: z.int(),
    })
    .optional(),
});

export type StatsReply = z.infer<typeof statsReply>;
