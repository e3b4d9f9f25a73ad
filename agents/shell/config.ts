import type { Command } from 'commander';
import { stringify } from 'yaml';
import { configJsonSchema, defaultConfig, type KernelConfig, loadConfig, showConfig } from '../../kernel/boot.js';
import { SyscallError } from '../../syscalls/errors.js';
import { err, out, printable } from '../terminal/printer.js';
import { hideSecrets } from './hide-secrets.js';
import { probeCores } from './probe.js';

export const DEFAULT_FILE = 'eccos.yaml';

/** Adds `eccos config check`, `schema` and `show`. */
export function registerConfig(program: Command): void {
  const config = program.command('config').description('check, describe or show a config');
  config
    .command('check')
    .description('list every fault of a config; keys and data files are looked at by boot and --probe only')
    .argument('[file]', 'the config', DEFAULT_FILE)
    .option('--probe', 'ask each provider for one token too, which is billed')
    .action(check);
  config
    .command('schema')
    .description('print the JSON Schema of a config, for editors')
    .action(() => out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`));
  config
    .command('show')
    .description('print a config with all defaults filled in, without the values of headers and parameters')
    .argument('[file]', 'the config; without it, what boot runs without one')
    .action(async (file?: string) =>
      out(stringify(hideSecrets(file === undefined ? defaultConfig() : await showConfig(file)))),
    );
}

async function check(file: string, flags: { readonly probe?: true }): Promise<void> {
  try {
    const config = await loadConfig(file);
    const { policy, cores } = config;
    out(`${file}: valid, ${cores.length} ${cores.length === 1 ? 'core' : 'cores'}, policy ${policy}\n`);
    if (flags.probe) await probe(config);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    for (const fault of error.message.split('\n')) err(`eccos: ${printable(fault)}\n`);
    process.exitCode = 1;
  }
}

async function probe(config: KernelConfig): Promise<void> {
  const probed = await probeCores(config);
  if (probed.length === 0) out('no core has a provider to ask\n');
  for (const { id, line } of probed) out(`${id}: ${printable(line)}\n`);
  if (!probed.every(({ isWell }) => isWell)) process.exitCode = 1;
}
