import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { z } from 'zod';
import { syntheticRecords } from '../lab/records/synthetic-records.js';
import { addOptions, option, text, wholeNumber } from '../terminal/options.js';
import { checkFile } from './output.js';

const generateFlags = z.object({
  out: option(text, { value: '<file>', about: 'outcome file to write, .jsonl or .jsonl.gz' }),
  queries: option(wholeNumber(1, 1_000_000).default(4000), { value: '<n>', about: 'how many' }),
  seed: option(wholeNumber(0, 1_000_000).default(1), { value: '<n>', about: 'same seed, same bytes' }),
});

/**
 * Adds `eccos generate`: outcome records of the synthetic queries, to train on or to try the tools with.
 *
 * Its action rejects with SyscallError `invalid-config` for a file that cannot be written.
 */
export function registerGenerate(program: Command): void {
  const command = program
    .command('generate')
    .description('write synthetic queries and what the simulated models of the default config make of them')
    .action(run);
  addOptions(command, generateFlags);
}

async function run({ out, queries, seed }: z.infer<typeof generateFlags>, command: Command): Promise<void> {
  const { writeOut = () => {} } = command.configureOutput();
  await checkFile('--out', out);
  const records = await syntheticRecords(queries, seed);
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeFile(out, out.endsWith('.gz') ? gzipSync(text) : text);
  writeOut(`${records.length} records written to ${out}\n`);
}
