#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { endWithReader, err, printable } from '../terminal/printer.js';

type Register = (program: Command) => void;

/** Every command, in the order of the help. Loaded when asked for: those that boot kernels take half a second to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  boot: async () => (await import('./boot.js')).registerBoot,
  run: async () => (await import('./run.js')).registerRun,
  ps: async () => (await import('./ps.js')).registerPs,
  top: async () => (await import('./top.js')).registerTop,
  kill: async () => (await import('./kill.js')).registerKill,
  stats: async () => (await import('./stats.js')).registerStats,
  cores: async () => (await import('./cores.js')).registerCores,
  journal: async () => (await import('./journal.js')).registerJournal,
  cluster: async () => (await import('./cluster.js')).registerCluster,
  generate: async () => (await import('./generate.js')).registerGenerate,
  train: async () => (await import('./train.js')).registerTrain,
  evaluate: async () => (await import('./evaluate.js')).registerEvaluate,
  compare: async () => (await import('./compare.js')).registerCompare,
  config: async () => (await import('./config.js')).registerConfig,
  protocol: async () => (await import('./protocol.js')).registerProtocol,
};

/** Exit codes. */
const FAILED = 1;
const USAGE = 2;

async function main(): Promise<void> {
  endWithReader();
  const { version } = createRequire(import.meta.url)('eccos-kernel/package.json') as { version: string };
  const program = new Command('eccos')
    .description('a miniature operating system for LLM agents')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'eccos: ')) });
  const [, , name = ''] = process.argv;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    for (const one of load === undefined ? Object.values(COMMANDS) : [load]) (await one())(program);
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
  const place = stack.split('\n').find((line) => line.trimStart().startsWith('at '));
  return `internal error: ${message.split('\n')[0]} ${place?.trim() ?? ''}`;
}

await main();
