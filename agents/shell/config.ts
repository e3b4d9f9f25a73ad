import type { Command } from 'commander';
import { stringify } from 'yaml';
import { configJsonSchema, defaultConfig, loadConfig, showConfig } from '../../kernel/boot.js';
import { SyscallError } from '../../syscalls/errors.js';
import { err, out, printable } from '../terminal/printer.js';

const DEFAULT_FILE = 'eccos.yaml';

/** Adds `eccos config check`, `schema` and `show`. */
export function registerConfig(program: Command): void {
  const config = program.command('config').description('check, describe or show a config');
  config
    .command('check')
    .description('list every fault of a config; keys and data files are looked at by boot only')
    .argument('[file]', 'the config', DEFAULT_FILE)
    .action(check);
  config
    .command('schema')
    .description('print the JSON Schema of a config, for editors')
    .action(() => out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`));
  config
    .command('show')
    .description('print a config with all defaults filled in')
    .argument('[file]', 'the config; without it, what boot runs without one')
    .action(async (file?: string) => out(stringify(file === undefined ? defaultConfig() : await showConfig(file))));
}

async function check(file: string): Promise<void> {
  try {
    const { policy, cores } = await loadConfig(file);
    out(`${file}: valid, ${cores.length} ${cores.length === 1 ? 'core' : 'cores'}, policy ${policy}\n`);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    for (const fault of error.message.split('\n')) err(`eccos: ${printable(fault)}\n`);
    process.exitCode = 1;
  }
}
