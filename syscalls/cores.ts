import { z } from 'zod';

/** US dollars per million tokens. */
const price = z.strictObject({ inputPerMTok: z.number(), outputPerMTok: z.number() });

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
});

export const coresParams = z.strictObject({});
export const coresReply = z.strictObject({ cores: z.array(coreView) });

export type Price = z.infer<typeof price>;
export type CoreInfo = z.infer<typeof coreInfo>;
export type CoreView = z.infer<typeof coreView>;
