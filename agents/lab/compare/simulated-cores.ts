import { defaultConfig, loadConfig } from '../../../kernel/boot.js';
import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';

/**
 * The cores that generated queries are compared on.
 *
 * @param file a config @default the embedded one
 * @throws SyscallError `invalid-config` for a config that is not valid, and for a core that is not simulated: what others would answer is not known
 */
export async function simulatedCores(file?: string): Promise<readonly CoreConfig[]> {
  if (file === undefined) return defaultConfig().cores;
  const { cores } = await loadConfig(file);
  const other = cores.find(({ kind }) => kind !== 'simulated');
  if (other === undefined) return cores;
  const message = `--config: Expected simulated cores only, got ${other.id} of kind ${other.kind}`;
  throw new SyscallError('invalid-config', message);
}
