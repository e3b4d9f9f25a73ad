import { z } from 'zod';
import { SETTINGS } from '../../../../syscalls/cores.js';
import { coreFields } from '../../core-config.js';
import { checkConnection, connectionFields } from '../transport/connection-config.js';

/** A model behind a provider's API. */
export const providerConfig = z
  .strictObject({
    kind: z.literal('provider'),
    ...coreFields,
    ...connectionFields,
    /** The model's name at the provider. */
    model: z.string().min(1).max(256),
    tools: z.boolean().default(true),
    responseFormat: z.boolean().default(true),
    /** What its input may hold beside text. @default all that the provider's API takes */
    inputs: z.array(z.enum(['image', 'audio', 'file'])).optional(),
    /** Settings that the model does not take: calls that have one go to other cores. */
    unsupported: z.array(z.enum(SETTINGS)).default([]),
    /** Whether the model goes on from an assistant message at the end. Without it, its calls are never preempted. */
    supportsPrefix: z.boolean().default(false),
    /** Most milliseconds from the request to the first piece of the answer. */
    firstTokenTimeoutMs: z.number().positive().default(60_000),
    /** Most milliseconds from one piece of the answer to the next. */
    idleTimeoutMs: z.number().positive().default(30_000),
    /** Most milliseconds from the request to the end of the answer, however slowly it comes. */
    answerTimeoutMs: z.number().positive().default(1_800_000),
    /** Most milliseconds that the core, or one of its keys, is left alone because its provider asks for it. */
    maxPauseMs: z.number().positive().default(600_000),
    /** Most bytes of one response, its wrapping included: about 250 bytes a token. */
    maxResponseBytes: z
      .int()
      .min(1024)
      .default(32 * 1024 * 1024),
    /** After so many failures in a row nothing is sent for a while; then one call tries whether it works again. */
    breaker: z
      .strictObject({
        failures: z.int().min(1).default(5),
        halfOpenAfterMs: z.number().positive().default(10_000),
      })
      .default({ failures: 5, halfOpenAfterMs: 10_000 }),
  })
  .superRefine((config, context) => {
    checkConnection(config, (message, path = []) => context.addIssue({ code: 'custom', path: [...path], message }));
  });

export type ProviderConfig = z.infer<typeof providerConfig>;
