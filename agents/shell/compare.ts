import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { CallsFile } from '../compare/calls-file.js';
import { compare } from '../compare/compare.js';
import { splitPolicies } from '../compare/contender.js';
import type { CompareOptions } from '../compare/options.js';
import type { CompareReport } from '../compare/report.js';
import { renderLoad, renderTable } from '../compare/table.js';
import { LOAD_SHAPES, type LoadName } from '../load/shapes.js';

const DEFAULT_POLICIES = ['fifo', 'fifo:order=dear-first', 'round-robin'];
const STDOUT = '-';
const PLAIN_WIDTH = 120;
/** The time left is reckoned from the pace of so many calls. */
const ETA_CALLS = 1000;

/** What commander hands over, each option checked by itself. */
interface Flags {
  readonly policies: readonly string[];
  readonly base?: string;
  readonly seeds?: number;
  readonly agents: number;
  readonly syscalls?: number;
  readonly limit?: number;
  readonly load: LoadName;
  readonly data: readonly string[];
  readonly models?: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly all?: true;
  readonly trace?: string;
  readonly rate?: number;
  readonly speed?: number;
  readonly caps?: string;
  readonly live?: true;
  readonly json: string;
  readonly calls?: string;
}

/**
 * Adds `eccos compare`: the same seeded load against several policies, side by side.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option, rule and value.
 */
export function registerCompare(program: Command): void {
  program
    .command('compare')
    .description('play the same seeded load against several policies and compare what they made of it')
    .option(
      '--policies <list>',
      'name or name:key=value, by comma; order=cheap-first|dear-first lists cores by price',
      splitPolicies,
      DEFAULT_POLICIES,
    )
    .option('--base <policy>', 'policy that the others are compared with (default: the first one)')
    .option('--seeds <n>', 'repetitions, each with a load of its own (default: 5; 1 with --live)', whole(1, 1000))
    .option('--agents <n>', 'agents that send the calls', whole(1, 10_000), 50)
    .option('--syscalls <n>', 'calls of one seed (default: 1000, or those of the trace or data)', whole(1, 1_000_000))
    .option('--limit <n>', 'no more calls than this', whole(1, 1_000_000))
    .addOption(
      new Option('--load <name>', 'synthetic load')
        .choices(Object.keys(LOAD_SHAPES))
        .default('mixed')
        .conflicts('data'),
    )
    .option('--data <file...>', 'outcome files: real prompts and what models made of them', [])
    .option('--models <list>', 'cores by name, by comma, or @FILE with one a line (default: every one)')
    .addOption(
      new Option('--split <name>', 'part of the data').choices(['train', 'validation', 'test']).default('test'),
    )
    .addOption(new Option('--all', 'all of the data').conflicts('split'))
    .addOption(new Option('--trace <file>', 'arrival times').conflicts('rate'))
    .option('--rate <r>', 'Poisson arrivals a second', positive)
    .option(
      '--speed <x>',
      'arrivals x times as fast (default: cores 80 % busy under round-robin; 1 with --rate)',
      positive,
    )
    .option('--caps <file>', 'YAML or JSON of core: cap')
    .option('--live', 'over real sockets and in real time')
    .option('--json <file>', 'where the report goes; - for stdout, and nothing else there', 'report.json')
    .option('--calls <file>', 'one JSON line a call')
    .action(run);
}

async function run(flags: Flags, command: Command): Promise<void> {
  const options = await optionsOf(flags, ['eccos', ...(command.parent?.args ?? [])]);
  const { writeOut = () => {} } = command.configureOutput();
  const toStdout = flags.json === STDOUT;
  if (!toStdout) await checkReportFolder(flags.json);
  const callsFile = flags.calls === undefined ? undefined : await CallsFile.open(flags.calls);
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} calls | {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: ETA_CALLS,
    noTTYOutput: true,
    notTTYSchedule: 5000,
  });
  let report: CompareReport;
  try {
    report = await compare(options, {
      onStart(load, totalCalls) {
        if (!toStdout) writeOut(`${renderLoad(load, options.seeds)}\n`);
        bar.start(totalCalls, 0);
      },
      onCall: () => bar.increment(),
      async onTrial(policy, seed, calls) {
        await callsFile?.write(policy, seed, calls);
      },
    });
  } finally {
    bar.stop();
    await callsFile?.close();
  }
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (toStdout) writeOut(text);
  else {
    writeOut(renderTable(report, process.stdout.columns ?? PLAIN_WIDTH));
    await writeFile(flags.json, text);
    writeOut(`\nReport: ${resolve(flags.json)}\n`);
  }
  if (report.policies.some(({ capViolations, lost }) => capViolations + lost > 0)) process.exitCode = 1;
}

async function optionsOf(flags: Flags, argv: readonly string[]): Promise<CompareOptions> {
  const { policies, base = policies[0] ?? '', data, trace, models, live = false } = flags;
  if (!policies.includes(base)) {
    throw new SyscallError('invalid-config', `--base: Expected one of ${policies.join(', ')}, got "${base}"`);
  }
  if (new Set(policies).size < policies.length) {
    throw new SyscallError('invalid-config', `--policies: Expected each policy once, got "${policies.join(',')}"`);
  }
  if (trace !== undefined && data.length === 0) {
    throw new SyscallError(
      'invalid-config',
      `--trace: Expected --data with it, which gives the prompts, got "${trace}"`,
    );
  }
  return {
    command: argv.map(quote).join(' '),
    policies,
    base,
    seeds: flags.seeds ?? (live ? 1 : 5),
    agents: flags.agents,
    syscalls: flags.syscalls,
    limit: flags.limit,
    load: flags.load,
    data,
    models: models === undefined ? undefined : await readNames(models),
    split: flags.all ? 'all' : flags.split,
    trace,
    rate: flags.rate,
    speed: flags.speed,
    caps: flags.caps,
    live,
  };
}

/** Names by comma, or one a line in the file behind an @. */
async function readNames(given: string): Promise<string[]> {
  const text = given.startsWith('@') ? await readNamesFile(given.slice(1)) : given;
  const names = text
    .split(/[\n,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > 0 && new Set(names).size === names.length) return names;
  throw new SyscallError('invalid-config', `--models: Expected one or more different names, got "${given}"`);
}

async function readNamesFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SyscallError('invalid-config', `--models: Expected a readable file after @, got "${path}"`, { cause });
  }
}

/** Before the work, not after it. */
async function checkReportFolder(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new SyscallError('invalid-config', `--json: Expected a file that can be written, got "${path}"`, { cause });
  }
}

function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
