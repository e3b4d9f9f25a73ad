import type { Command } from 'commander';
import { describeProtocol } from '../../syscalls/describe.js';
import { out } from '../terminal/printer.js';

/** Adds `eccos protocol`. */
export function registerProtocol(program: Command): void {
  program
    .command('protocol')
    .description('print the protocol as an AsyncAPI 3.0 document')
    .action(() => out(`${JSON.stringify(describeProtocol(), null, 2)}\n`));
}
