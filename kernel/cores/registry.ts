import { z } from 'zod';
import type { Clock } from '../clock.js';
import type { LLMCore } from './core.js';
import { openaiConfig, openaiCore } from './provider.js';
import { recordedConfig, recordedCore } from './recorded.js';
import { simulatedConfig, simulatedCore } from './simulated.js';

/** What a core may need from outside. */
export interface CoreDeps {
  readonly clock: Clock;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Environment variables: the only place that keys come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Every kind of core: its config's schema and how it is made. */
const KINDS = {
  simulated: { config: simulatedConfig, create: simulatedCore },
  recorded: { config: recordedConfig, create: recordedCore },
  openai: { config: openaiConfig, create: openaiCore },
} as const;

/** One entry of `cores` in the config; `kind` tells which schema it follows. */
export const coreConfig = z.discriminatedUnion('kind', [
  KINDS.simulated.config,
  KINDS.recorded.config,
  KINDS.openai.config,
]);
export type CoreConfig = z.infer<typeof coreConfig>;

/** @throws SyscallError `invalid-config` for what a schema cannot see: a missing file or environment variable */
export async function createCore(config: CoreConfig, deps: CoreDeps): Promise<LLMCore> {
  switch (config.kind) {
    case 'simulated':
      return KINDS.simulated.create(config, deps);
    case 'recorded':
      return KINDS.recorded.create(config, deps);
    case 'openai':
      return KINDS.openai.create(config, deps);
  }
}
