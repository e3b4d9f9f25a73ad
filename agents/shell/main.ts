#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { registerBoot } from './boot.js';
import { registerCompare } from './compare.js';
import { registerConfig } from './config.js';
import { registerCores } from './cores.js';
import { registerKill } from './kill.js';
import { err, printable } from './printer.js';
import { registerProtocol } from './protocol.js';
import { registerPs } from './ps.js';
import { registerRun } from './run.js';
import { registerStats } from './stats.js';
import { registerTop } from './top.js';

/** Every command, in the order of the help. */
const COMMANDS = [
  registerBoot,
  registerRun,
  registerPs,
  registerTop,
  registerKill,
  registerStats,
  registerCores,
  registerCompare,
  registerConfig,
  registerProtocol,
] as const;

/** Exit codes. */
const FAILED = 1;
const USAGE = 2;

async function main(): Promise<void> {
  const { version } = createRequire(import.meta.url)('eccos-kernel/package.json') as { version: string };
  const program = new Command('eccos')
    .description('a miniature operating system for LLM agents')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'eccos: ')) });
  for (const register of COMMANDS) register(program);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exit(report(error));
  }
}

/** Says on one line what went wrong. @returns the exit code */
function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.code === 'commander.error' ? FAILED : error.exitCode && USAGE;
  const [first = '', ...more] = messageOf(error).split('\n');
  err(`eccos: ${printable(first)}${more.length === 0 ? '' : ` (and ${more.length} more: eccos config check)`}\n`);
  return FAILED;
}

/** What is not a SyscallError is a fault of this program, and its place helps. */
function messageOf(error: unknown): string {
  if (error instanceof SyscallError) return error.message;
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return `internal error: ${message.split('\n')[0]} ${
    stack
      .split('\n')
      .find((line) => line.includes(' at '))
      ?.trim() ?? ''
  }`;
}

await main();
