import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { syntheticRecords } from '../lab/records/synthetic-records.js';
import { wholeNumber } from '../terminal/arguments.js';
import { checkFile } from './output.js';

/**
 * Adds `eccos generate`: outcome records of the synthetic queries, to train on or to try the tools with.
 *
 * Its action rejects with SyscallError `invalid-config` for a file that cannot be written.
 */
export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('write synthetic queries and what the simulated models of the default config make of them')
    .requiredOption('--out <file>', 'outcome file to write, .jsonl or .jsonl.gz')
    .option('--queries <n>', 'how many', wholeNumber(1, 1_000_000), 4000)
    .option('--seed <n>', 'same seed, same bytes', wholeNumber(0, 1_000_000), 1)
    .action(run);
}

interface Flags {
  readonly out: string;
  readonly queries: number;
  readonly seed: number;
}

async function run({ out, queries, seed }: Flags, command: Command): Promise<void> {
  const { writeOut = () => {} } = command.configureOutput();
  await checkFile('--out', out);
  const records = await syntheticRecords(queries, seed);
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeFile(out, out.endsWith('.gz') ? gzipSync(text) : text);
  writeOut(`${records.length} records written to ${out}\n`);
}
