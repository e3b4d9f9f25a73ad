import { z } from 'zod';
import type { CoreInfo } from '../../syscalls/cores.js';
import { price } from '../../syscalls/price.js';

/** The members that every kind of core has in the config. */
export const coreFields = {
  id: z.string().regex(/^[\w./:@-]{1,128}$/, 'Expected 1 to 128 letters, digits or ._-/:@'),
  /** Every core says its price: an unknown one is an error, never 0. */
  price,
  contextWindow: z.int().min(1).default(128_000),
  cap: z.int().min(0).max(100_000).default(8),
  requestsPerMinute: z.int().min(1).optional(),
  tokensPerMinute: z.int().min(1).optional(),
  quality: z.number().min(0).max(1).optional(),
  profile: z.string().min(1).optional(),
} as const;

type CoreFields = z.infer<z.ZodObject<typeof coreFields>> & { readonly kind: string };

/** What the kernel knows of a core from its config, and from what its kind can do. */
export function infoOf(
  config: CoreFields,
  abilities: Pick<CoreInfo, 'tools' | 'responseFormat' | 'supportsPrefix' | 'inputs' | 'unsupported'>,
): CoreInfo {
  const { id, kind, price, contextWindow, cap, requestsPerMinute, tokensPerMinute, quality, profile } = config;
  return {
    id,
    kind,
    price,
    contextWindow,
    cap,
    ...abilities,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(quality === undefined ? {} : { quality }),
    ...(profile === undefined ? {} : { profile }),
  };
}
