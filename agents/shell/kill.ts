import type { Command } from 'commander';
import { wholeNumber } from '../terminal/arguments.js';
import { out } from '../terminal/printer.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';

/** Adds `eccos kill`. */
export function registerKill(program: Command): void {
  talksToKernel(
    program
      .command('kill')
      .description('end a process and all that descend from it')
      .argument('<pid>', 'as eccos ps lists it', wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  ).action(async (pid: number, flags: KernelFlags) => {
    const killed = await withClient(flags, 'eccos kill', (client) => client.kill(pid));
    out(`killed ${killed.join(', ')}\n`);
  });
}
