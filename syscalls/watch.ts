import { z } from 'zod';
import { budgetView } from './budget.js';
import { coreView } from './cores.js';
import { processView } from './ps.js';
import { statsReply } from './stats.js';

/** What a view can show: one section each. */
export const WATCHABLE = ['kernel', 'cores', 'queues', 'agents', 'calls', 'decisions', 'costs'] as const;
export type Watchable = (typeof WATCHABLE)[number];

/** Least and most milliseconds between two views. */
export const WATCH_MS = { min: 100, max: 60_000 } as const;
/** Most rows of a section. */
export const WATCH_ROWS = { agents: 1000, calls: 100, decisions: 50 } as const;

export const watchParams = z.strictObject({
  everyMs: z.int().min(WATCH_MS.min).max(WATCH_MS.max).default(1000).describe('Milliseconds between two views'),
  want: z
    .array(z.enum(WATCHABLE))
    .min(1)
    .describe('Sections of the views; they take the place of those of an earlier request'),
});
export const watchReply = z.strictObject({
  watching: z.literal(true).describe('Views come until the connection ends'),
});

const count = z.int();

/** All rows of a section the first time; later those that are new or changed. */
function rowsOf<Row extends z.ZodObject>(row: Row, id: keyof Row['shape'] & string) {
  const patch = z.looseObject({ [id]: row.shape[id] as z.ZodType<string | number> });
  return z
    .strictObject({
      rows: z.array(patch).describe(`\`${id}\` and the members that changed; null for a member that went`),
      gone: z
        .array(z.union([z.string(), z.number()]))
        .optional()
        .describe(`\`${id}\` of each row that went`),
    })
    .optional();
}

const coreRow = coreView.extend({
  ttftMs: z.number().optional().describe('Median time to the first token of its last 200 requests, milliseconds'),
  usdPerHour: z.number().describe('US dollars an hour, by the last ten minutes'),
});

const callRow = z.strictObject({
  syscallId: z.string().describe('Identity of the call'),
  pid: z.int().describe('The process that made it'),
  agent: z.string().describe('Name of that process'),
  task: z.string().optional().describe('As the call says it'),
  status: z.enum(['waiting', 'scheduled', 'running', 'suspended']).describe('All but `running` are pending'),
  core: z.string().optional().describe('Core that it is on, or is to be on'),
  reason: z.string().optional().describe("The policy's one line on why this core"),
  acceptedAt: z.number().describe('Milliseconds on the kernel’s clock'),
  outputTokens: z.number().describe('Of its answer so far'),
});

const decisionRow = z.strictObject({
  syscallId: z.string().describe('Identity of the call'),
  pid: z.int().describe('The process that made it'),
  agent: z.string().describe('Name of that process'),
  task: z.string().optional().describe('As the call says it'),
  core: z.string().describe('Where it started'),
  reason: z.string().describe("The policy's one line on why"),
  at: z.number().describe('When it started, milliseconds on the kernel’s clock'),
  waitMs: z.number().describe('How long it had been pending'),
  predictedQuality: z.number().optional().describe('What the policy expected of the answer, 0 to 1'),
  predictedUsd: z.number().optional().describe('What the policy expected it to cost'),
  status: z
    .enum(['running', 'done', 'failed', 'cancelled', 'expired', 'preempted', 'retried'])
    .describe('What became of it'),
  quality: z.number().optional().describe('How the answer was rated, 0 to 1'),
  costUsd: z.number().optional().describe('What its requests cost, once it has ended'),
  ms: z.number().optional().describe('From acceptance to the end'),
});

const costRow = z.strictObject({
  key: z.string().describe('`by` and `name`'),
  by: z.enum(['agent', 'tenant', 'core', 'token']).describe('What `name` names'),
  name: z.string().describe('`other` sums up those beyond the first 100'),
  requests: count.describe('Requests to cores since boot'),
  usd: z.number().describe('US dollars since boot'),
  todayUsd: z.number().describe('US dollars since midnight UTC'),
  budgets: z.array(budgetView).optional().describe('What the calls of a token may cost, where that is bounded'),
});

const queues = z
  .strictObject({
    waiting: count.describe('Pending, on no core'),
    scheduled: count.describe('Held by the queue of a core'),
    suspended: count.describe('Preempted'),
    running: count.describe('On a core'),
    ages: z.array(count).describe('Pending calls by age: below 1 s, 5 s, 30 s, 120 s, and older'),
    oldestMs: z.number().describe('Age of the oldest pending call; 0 without one'),
    refused: z.record(z.string(), count).describe('Calls that were not accepted since boot, by error code'),
  })
  .optional();

const journalFigures = z.strictObject({
  written: count.describe('Facts that were written since boot'),
  refused: count.describe('Calls that were refused since boot, because they could not be written'),
  waiting: count.describe('Facts that wait to be written'),
  commits: count.describe('Groups of facts that were written since boot'),
  commitMs: z
    .strictObject({
      total: z.number().describe('All since boot'),
      p50: z.number().describe('Median of the last 1,000'),
      p99: z.number().describe('99 % quantile of the last 1,000'),
    })
    .describe('Milliseconds that commits took'),
  bytes: z.number().optional().describe('Size of its file, where it has one'),
});

const kernelFigures = z
  .strictObject({
    stats: statsReply.describe('As `kernel.stats` replies it'),
    connections: count.describe('Open connections, of all doors'),
    rssBytes: z.number().describe('Resident memory'),
    loopP99Ms: z.number().describe('99 % quantile of the delay of the event loop since the last view'),
    journal: journalFigures.optional().describe('How the journal does, where there is one'),
  })
  .optional();

export const kernelView = z.strictObject({
  at: z.number().describe('Milliseconds on the kernel’s clock'),
  seq: count.describe('0, 1, 2 ... without a gap since the last full view'),
  full: z.boolean().describe('It says all there is; other views say what changed since the one before'),
  kernel: kernelFigures.describe('The kernel as a whole, when it changed'),
  queues: queues.describe('Pending calls, when they changed'),
  cores: rowsOf(coreRow, 'id').describe('Cores, in the order of the config'),
  agents: rowsOf(processView, 'pid').describe(`Processes, at most ${WATCH_ROWS.agents}, oldest first`),
  calls: rowsOf(callRow, 'syscallId').describe(`Open calls, at most ${WATCH_ROWS.calls}, oldest first`),
  decisions: rowsOf(decisionRow, 'syscallId').describe(`Starts of calls, the last ${WATCH_ROWS.decisions}`),
  costs: rowsOf(costRow, 'key').describe('Costs, by who caused them and who answered'),
});

export type WatchParams = z.infer<typeof watchParams>;
export type KernelView = z.infer<typeof kernelView>;
export type JournalFigures = z.infer<typeof journalFigures>;
export type CoreRow = z.infer<typeof coreRow>;
export type AgentRow = z.infer<typeof processView>;
export type CallRow = z.infer<typeof callRow>;
export type DecisionRow = z.infer<typeof decisionRow>;
export type CostRow = z.infer<typeof costRow>;

/** The sections that hold rows, and which member says who a row is. */
export const ROW_ID = { cores: 'id', agents: 'pid', calls: 'syscallId', decisions: 'syscallId', costs: 'key' } as const;
export type RowSection = keyof typeof ROW_ID;

/** What all views so far add up to. */
export interface WatchedKernel {
  readonly at: number;
  readonly kernel?: KernelView['kernel'];
  readonly queues?: KernelView['queues'];
  readonly cores: readonly CoreRow[];
  readonly agents: readonly AgentRow[];
  readonly calls: readonly CallRow[];
  readonly decisions: readonly DecisionRow[];
  readonly costs: readonly CostRow[];
}
