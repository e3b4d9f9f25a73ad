import type { CoreId } from '../../syscalls/syscall.js';
import type { KernelConfig } from '../config/config.js';
import { baseUrlOf } from '../cores/provider/transport/connection-config.js';

/** The model behind a core, in the words of the conventions. */
export interface Model {
  readonly provider: string;
  readonly name: string;
  /** Host and port of its API, where it has one. */
  readonly address?: string;
  readonly port?: number;
}

/** Names of the conventions for what the config calls otherwise. They count servers with OpenAI's API as openai. */
const PROVIDERS: Readonly<Record<string, string>> = { google: 'gcp.gemini', 'openai-compatible': 'openai' };

export function modelsOf({ cores }: Pick<KernelConfig, 'cores'>): ReadonlyMap<CoreId, Model> {
  return new Map(cores.map((core) => [core.id, modelOf(core)]));
}

/** A core that is not in the config is a model of its own. */
export function modelNamed(core: CoreId): Model {
  return { provider: 'eccos', name: core };
}

function modelOf(core: KernelConfig['cores'][number]): Model {
  if (core.kind !== 'provider') return { provider: core.kind, name: core.id };
  const { hostname, port, protocol } = new URL(baseUrlOf(core));
  return {
    provider: PROVIDERS[core.provider] ?? core.provider,
    name: core.model,
    address: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}
