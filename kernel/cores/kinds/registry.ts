import type { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { OutcomeFiles } from '../../outcomes/file.js';
import type { LLMCore } from '../core.js';
import type { CoreDeps } from '../core-deps.js';
import { providerConfig } from '../provider/model/provider-config.js';
import { providerCore } from '../provider/provider.js';
import { recordedConfig, recordedCore } from '../recorded.js';
import { simulatedConfig, simulatedCore } from '../simulated.js';

/** One kind of core: the schema of its entry in the config, whose member `kind` is its name, and how it is made. */
export interface CoreKind<Config extends z.ZodObject = z.ZodObject> {
  readonly kind: string;
  readonly config: Config;
  /** @throws SyscallError `invalid-config` for a fault that a schema cannot see: a missing file or environment variable */
  create(config: z.infer<Config>, deps: CoreDeps): LLMCore | Promise<LLMCore>;
}

function row<Config extends z.ZodObject>(kind: string, config: Config, create: CoreKind<Config>['create']) {
  return { kind, config, create };
}

const simulated = row('simulated', simulatedConfig, simulatedCore);
const recorded = row('recorded', recordedConfig, recordedCore);
const provider = row('provider', providerConfig, providerCore);

/** Every kind of core that the kernel has itself. */
export const CORE_KINDS = [simulated, recorded, provider] as unknown as readonly CoreKind[];

/** One entry of `cores` in the config; `kind` names the schema that it follows. */
export type CoreConfig = z.infer<(typeof simulated | typeof recorded | typeof provider)['config']>;

/**
 * All cores of a kernel, in config order. Recorded cores share what they read.
 *
 * @throws SyscallError `invalid-config` as `CoreKind.create`, and for a kind that is not among `kinds`
 */
export function createCores(
  configs: readonly CoreConfig[],
  deps: CoreDeps,
  kinds: readonly CoreKind[] = CORE_KINDS,
): Promise<readonly LLMCore[]> {
  const shared: CoreDeps = { outcomes: new OutcomeFiles(), ...deps };
  const create = async (config: CoreConfig) => {
    // Of two of one name, the one that came later takes its place.
    const kind = kinds.findLast(({ kind }) => kind === config.kind);
    if (kind !== undefined) return kind.create(config, shared);
    const names = kinds.map(({ kind }) => kind).join(', ');
    throw new SyscallError(
      'invalid-config',
      `cores: ${config.id}: Expected kind to be one of ${names}, got "${config.kind}"`,
    );
  };
  return Promise.all(configs.map(create));
}
