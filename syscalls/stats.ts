import { z } from 'zod';
import { budgetView } from './budget.js';

export const statsParams = z.strictObject({});

const milliseconds = z.strictObject({
  p50: z.number().describe('Median, milliseconds'),
  p99: z.number().describe('99 % quantile, milliseconds'),
});

const count = z.int();

/** Counts since boot, and what is there now: of the caller's token, or of all with the operator's token or in a kernel without tokens. Distributions are over the last 1,000 events. */
export const statsReply = z.strictObject({
  policy: z.string().describe('Name of the scheduler policy'),
  uptimeMs: z.number().describe('Milliseconds since boot'),
  agents: count.describe('Processes now'),
  syscalls: z
    .strictObject({
      accepted: count.describe('Since boot'),
      rejected: count.describe('Refused before they were accepted, since boot'),
      done: count.describe('Answered, since boot'),
      failed: count.describe('Ended with an error, since boot'),
      cancelled: count.describe('Ended by an agent, its connection or a shutdown, since boot'),
      expired: count.describe('Ended by their deadline, since boot'),
      pending: count.describe('Waiting now'),
      running: count.describe('On a core now'),
    })
    .describe('How many `llm.chat` calls'),
  retries: count.describe('Times that a call was given to a core again after a failure'),
  preemptions: count.describe('Times that a call was taken off a core in the middle of its answer'),
  usage: z
    .strictObject({
      inputTokens: z.number().describe('Billed, those re-sent after a preemption too'),
      outputTokens: z.number().describe('Billed'),
      reprefillTokens: z.number().describe('The part of `inputTokens` that was re-sent because of a preemption'),
      cachedInputTokens: z.number().optional().describe("The part of `inputTokens` from providers' prompt caches"),
      cacheWriteTokens: z.number().optional().describe('The part of `inputTokens` written to them'),
      audioInputTokens: z.number().optional().describe('The part of `inputTokens` that was audio'),
      reasoningTokens: z.number().optional().describe('The part of `outputTokens` that models only thought'),
      audioOutputTokens: z.number().optional().describe('The part of `outputTokens` that was audio'),
      costUsd: z.number().describe('US dollars, by the prices of the config'),
      providerCostUsd: z.number().optional().describe('US dollars, of the calls whose provider reports them'),
    })
    .describe('What all calls have used since boot'),
  budgets: z.array(budgetView).optional().describe("The caller's token's, where it has any"),
  waitingMs: milliseconds.describe('From acceptance to the start on a core'),
  turnaroundMs: milliseconds.describe('From acceptance to the end'),
  scheduler: z
    .strictObject({
      ticks: count.describe('Decisions of the policy'),
      fallbacks: count.describe("Ticks and preparations in which the policy threw, and the kernel's own FIFO decided"),
      invalidAssignments: count.describe(
        'Assignments that named no pending call, no eligible core, or a call twice. They are dropped',
      ),
      decisionMs: milliseconds.describe('Real time of one decision'),
      prepareMs: milliseconds.describe(
        'Real time until the policy had prepared one batch of new calls: its predictor, in its thread; 0 where it has none',
      ),
      prepareCallMs: milliseconds.describe('The same by the calls of the batch'),
    })
    .describe('How the policy does'),
  outlook: z
    .strictObject({
      alpha: z.number().optional().describe('Mean quality that the stream of calls is to reach'),
      predictedQuality: z.number().optional().describe('Mean quality that was predicted for the calls placed so far'),
      ratedQuality: z.number().optional().describe('Mean rating of the answers that were rated'),
      priceOfQuality: z
        .number()
        .optional()
        .describe('US dollars that the policy pays for one call from surely wrong to surely right'),
      secondPrices: z
        .record(z.string(), z.number())
        .describe(
          'US dollars that a second on each core is worth to calls to come; empty where the policy has no such prices',
        ),
      waitPrice: z.number().optional().describe("US dollars that an hour of one usual call's waiting costs"),
      outOfReach: z.boolean().describe('The target is out of reach of the cores, as far as is known'),
      greedy: count.describe('Calls placed by a simpler rule, because a tick would have taken too long'),
      warning: z.string().optional().describe('What its decisions lack, such as ratings of a new kind of task'),
    })
    .optional()
    .describe('What the policy aims at and expects, if it says so'),
});

export type StatsReply = z.infer<typeof statsReply>;
