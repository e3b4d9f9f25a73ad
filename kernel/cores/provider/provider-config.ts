import { z } from 'zod';
import { SETTINGS } from '../../../syscalls/cores.js';
import { coreFields } from '../core-config.js';
import { baseUrlFault } from './base-url.js';

/** Each kind of provider, and where it is if the config does not say. */
const DEFAULT_BASE_URL = {
  'openai-compatible': undefined,
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta',
} as const;

const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;

/** A model behind a provider's API. */
export const providerConfig = z
  .strictObject({
    kind: z.literal('provider'),
    ...coreFields,
    provider: z.enum(['openai-compatible', 'openai', 'anthropic', 'google']).default('openai-compatible'),
    /** The model's name at the provider. */
    model: z.string().min(1).max(256),
    /** https, or http on this machine. Needed for `openai-compatible`; the others have a default. */
    baseUrl: z.string().max(2048).optional(),
    /** Name of the environment variable that holds the key. Only an `openai-compatible` server may go without. */
    apiKeyEnv: z.string().optional(),
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
  .superRefine(({ provider, baseUrl, apiKeyEnv }, context) => {
    // No path to the field: a message that quoted it could quote a key or a password put there by mistake.
    const fault = (message: string) => context.addIssue({ code: 'custom', path: [], message });
    const url = baseUrl ?? DEFAULT_BASE_URL[provider];
    if (url === undefined) fault('Expected `baseUrl`, which provider openai-compatible needs');
    else {
      const rule = baseUrlFault(url);
      if (rule !== undefined) fault(`Expected \`baseUrl\` to be ${rule}`);
    }
    if (apiKeyEnv !== undefined && !ENV_NAME.test(apiKeyEnv)) {
      fault('Expected `apiKeyEnv` to be the name of an environment variable: capitals, digits and _');
    }
    if (apiKeyEnv === undefined && provider !== 'openai-compatible') {
      fault(`Expected \`apiKeyEnv\`, the name of the environment variable with the key for provider ${provider}`);
    }
  });

export type ProviderConfig = z.infer<typeof providerConfig>;

/** Where requests go, without a slash at the end. */
export function baseUrlOf({ provider, baseUrl }: ProviderConfig): string {
  const url = baseUrl ?? DEFAULT_BASE_URL[provider];
  if (url === undefined) throw new TypeError('A checked config has a base URL');
  return url.replace(/\/+$/, '');
}
