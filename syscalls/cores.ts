import { z } from 'zod';
import { FAULT_CLASSES } from './errors.js';
import { price } from './price.js';

/** Settings of `llm.chat` that a model may not take. */
export const SETTINGS = [
  'temperature',
  'topP',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'stop',
  'logprobs',
  'tools',
  'toolChoice',
  'parallelToolCalls',
  'responseFormat',
  'reasoningEffort',
] as const;
export type Setting = (typeof SETTINGS)[number];

/** What an LLM core is: fixed at boot but for `cap`, which a reload may change. */
const coreInfo = z.strictObject({
  id: z.string(),
  kind: z.string(),
  price,
  /** Tokens that input and output may take together. */
  contextWindow: z.int(),
  /** Most calls in flight. */
  cap: z.int(),
  requestsPerMinute: z.int().optional(),
  tokensPerMinute: z.int().optional(),
  /** Whether it can call tools. */
  tools: z.boolean(),
  /** Whether it can be held to a response format. */
  responseFormat: z.boolean(),
  inputs: z
    .array(z.enum(['image', 'audio', 'file']))
    .optional()
    .describe('What its input may hold beside text; nothing without it'),
  unsupported: z
    .array(z.enum(SETTINGS))
    .optional()
    .describe('Settings that it does not take, by its config or as it has answered'),
  /** Whether it can go on from a given start of its answer, which time slices need. */
  supportsPrefix: z.boolean(),
  /** Known mean quality, 0 to 1; a call with a higher `minQuality` is not eligible. */
  quality: z.number().optional(),
  /** Model name that a trained predictor knows this core by. @default its id */
  profile: z.string().optional(),
});

/** A core and what it is doing now. */
export const coreView = coreInfo.extend({
  running: z.int(),
  /** Held in the core's queue, not started. */
  queued: z.int(),
  /** `cooling`: nothing starts for now: its provider said so, its circuit is open, or a limit per minute is used up. */
  state: z.enum(['up', 'cooling']),
  closedUntil: z.number().optional().describe('Nothing starts before, milliseconds on the kernel’s clock'),
  lastFault: z
    .strictObject({
      at: z.number(),
      class: z.enum(FAULT_CLASSES),
      status: z.int().optional().describe('HTTP status'),
      message: z.string(),
    })
    .optional()
    .describe('How the last attempt that failed here did so'),
});

export const coresParams = z.strictObject({});
export const coresReply = z.strictObject({ cores: z.array(coreView) });

export type CoreInfo = z.infer<typeof coreInfo>;
export type CoreView = z.infer<typeof coreView>;
