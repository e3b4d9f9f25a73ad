import { z } from 'zod';
import { OutcomeFiles } from '../outcomes/file.js';
import type { LLMCore } from './core.js';
import type { CoreDeps } from './core-deps.js';
import { openaiCore } from './provider.js';
import { openaiConfig } from './provider-config.js';
import { recordedConfig, recordedCore } from './recorded.js';
import { simulatedConfig, simulatedCore } from './simulated.js';

export type { CoreDeps } from './core-deps.js';

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

/**
 * All cores of a kernel, in config order. Recorded cores share what they read.
 *
 * @throws SyscallError `invalid-config` as `createCore`
 */
export function createCores(configs: readonly CoreConfig[], deps: CoreDeps): Promise<readonly LLMCore[]> {
  const shared: CoreDeps = { outcomes: new OutcomeFiles(), ...deps };
  return Promise.all(configs.map((config) => createCore(config, shared)));
}
