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
  id: z.string().describe('Its name in the config'),
  kind: z.string().describe('simulated, recorded, provider, or a kind of an embedder'),
  price: price.describe('US dollars per million tokens'),
  contextWindow: z.int().describe('Tokens that input and output may take together'),
  cap: z.int().describe('Most calls in flight'),
  requestsPerMinute: z.int().optional().describe('Most requests in any 60 s'),
  tokensPerMinute: z.int().optional().describe('Most tokens in any 60 s'),
  tools: z.boolean().describe('Whether it can call tools'),
  responseFormat: z.boolean().describe('Whether it can be held to a response format'),
  inputs: z
    .array(z.enum(['image', 'audio', 'file']))
    .optional()
    .describe('What its input may hold beside text; nothing without it'),
  unsupported: z
    .array(z.enum(SETTINGS))
    .optional()
    .describe('Settings that it does not take, by its config or as it has answered'),
  supportsPrefix: z.boolean().describe('Whether it can go on from a given start of its answer, which time slices need'),
  quality: z
    .number()
    .optional()
    .describe('Known mean quality, 0 to 1; a call with a higher `minQuality` is not eligible'),
  profile: z.string().optional().describe('Model name that a trained predictor knows this core by. @default its id'),
});

/** A core and what it is doing now. */
export const coreView = coreInfo.extend({
  running: z.int().describe('Calls in flight'),
  queued: z.int().describe("Held in the core's queue, not started"),
  state: z
    .enum(['up', 'cooling'])
    .describe('`cooling`: nothing starts for now: its provider said so, its circuit is open, or a limit is used up'),
  requestsLeft: z.number().optional().describe('What is left of `requestsPerMinute` now'),
  tokensLeft: z.number().optional().describe('What is left of `tokensPerMinute` now'),
  closedUntil: z.number().optional().describe('Nothing starts before, milliseconds on the kernel’s clock'),
  lastFault: z
    .strictObject({
      at: z.number().describe('Milliseconds on the kernel’s clock'),
      class: z.enum(FAULT_CLASSES).describe('Whose fault it was'),
      status: z.int().optional().describe('HTTP status'),
      message: z.string().describe('What went wrong'),
    })
    .optional()
    .describe('How the last attempt that failed here did so'),
});

export const coresParams = z.strictObject({});
export const coresReply = z.strictObject({ cores: z.array(coreView).describe('In the order of the config') });

export type CoreInfo = z.infer<typeof coreInfo>;
export type CoreView = z.infer<typeof coreView>;
