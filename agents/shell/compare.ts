import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { addBatchOptions, type BatchFlags, isBatch } from '../lab/batches/flags.js';
import { compareBatches } from '../lab/batches/run.js';
import { renderBatches } from '../lab/batches/table.js';
import { CallsFile } from '../lab/compare/calls-file.js';
import { compare } from '../lab/compare/compare.js';
import { splitPolicies } from '../lab/compare/contender.js';
import { renderFrontier } from '../lab/compare/frontier-table.js';
import { type CompareFlags, readOptions } from '../lab/compare/options.js';
import type { CompareReport } from '../lab/compare/report.js';
import { renderLoad, renderTable } from '../lab/compare/table.js';
import { isSound, warningsOf } from '../lab/compare/warnings.js';
import { LOAD_SHAPES } from '../lab/load/shapes.js';
import { PageFile } from '../lab/render/page/page-file.js';
import { wholeNumber } from '../terminal/arguments.js';
import { printable } from '../terminal/printer.js';
import { commandLine } from './command-line.js';

const DEFAULT_POLICIES = ['fifo:order=cheap-first', 'fifo:order=dear-first', 'round-robin', 'eccos', 'per-call'];
const STDOUT = '-';
const PLAIN_WIDTH = 120;
/** So often the bar moves: each time it copies what it reckons the time left from. */
const BAR_STEPS = 1000;
/** The time left is reckoned from the pace of so many of its last steps. */
const ETA_STEPS = 100;

/**
 * Adds `eccos compare`: the same seeded load against several policies, side by side.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option, rule and value.
 */
export function registerCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('play the same seeded load against several policies and compare what they made of it')
    .option(
      '--policies <list>',
      'name or name:key=value, by comma; order=cheap-first|dear-first lists cores by price',
      splitPolicies,
      DEFAULT_POLICIES,
    )
    .option('--policy-module <file...>', 'one more policy each: a JavaScript file that exports what makes it', [])
    .option('--base <policy>', 'policy that the others are compared with (default: the first one)')
    .option(
      '--seeds <n>',
      'repetitions, each with a load of its own (default: 10; 1 with --live)',
      wholeNumber(1, 1000),
    )
    .option('--agents <n>', 'agents that send the calls', wholeNumber(1, 10_000), 50)
    .option(
      '--syscalls <n>',
      'calls of one seed (default: 1000, or those of the trace or data)',
      wholeNumber(1, 1_000_000),
    )
    .option('--limit <n>', 'no more calls than this', wholeNumber(1, 1_000_000))
    .addOption(
      new Option('--load <name>', 'synthetic load')
        .choices(Object.keys(LOAD_SHAPES))
        .default('mixed')
        .conflicts('data'),
    )
    .option('--data <file...>', 'outcome files: real prompts and what models made of them', [])
    .option('--skip-bad', 'leave out bad records of the data, and say which')
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
    .option('--predictor <dir>', 'made by eccos train, for policies that name none (default: the shipped one)')
    .option('--alpha <a>', 'mean quality, for policies that aim at one (default: that of round-robin + .02)', share)
    .option('--feedback <share>', 'answers that their agents judge, 0 to 1', share, 1)
    .option('--learn', 'predictors learn from judged answers, each trial by itself')
    .option(
      '--sweep <n>',
      'also play each policy at so many qualities to aim at, for the frontier',
      wholeNumber(0, 100),
      0,
    )
    .option('--measure', 'measure what scheduling takes; two runs then differ')
    .option('--live', 'over real sockets and in real time')
    .option('--json <file>', 'where the report goes; - for stdout, and nothing else there', 'report.json')
    .option('--calls <file>', 'one JSON line a call')
    .option('--report <file>', 'one HTML page of tables and charts')
    .action(run);
  addBatchOptions(command);
}

/** What commander hands over. */
type Flags = CompareFlags & { readonly json: string; readonly calls?: string; readonly report?: string };

async function run(flags: Flags, command: Command): Promise<void> {
  if (isBatch(flags)) return runBatches(flags, command);
  const options = await readOptions(flags, commandLine(command));
  const { writeOut = () => {}, writeErr = () => {} } = command.configureOutput();
  const toStdout = flags.json === STDOUT;
  if (!toStdout) await checkReportFolder(flags.json);
  const page = flags.report === undefined ? undefined : await PageFile.open(flags.report, options.base);
  const callsFile = flags.calls === undefined ? undefined : await CallsFile.open(flags.calls);
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} calls | {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: ETA_STEPS,
    noTTYOutput: true,
    notTTYSchedule: 5000,
  });
  let calls = 0;
  let callsAStep = 1;
  let report: CompareReport;
  try {
    report = await compare(options, {
      onStart(load, totalCalls) {
        if (!toStdout) writeOut(`${renderLoad(load, options.seeds)}\n`);
        page?.onStart(load);
        callsAStep = Math.ceil(totalCalls / BAR_STEPS);
        bar.start(totalCalls, 0);
      },
      onCall() {
        if (++calls % callsAStep === 0) bar.update(calls);
      },
      async onTrial(policy, seed, calls) {
        page?.onTrial(policy, seed, calls);
        await callsFile?.write(policy, seed, calls);
      },
    });
  } finally {
    bar.update(calls);
    bar.stop();
    await callsFile?.close();
  }
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (toStdout) writeOut(text);
  else {
    const width = process.stdout.columns ?? PLAIN_WIDTH;
    writeOut([renderTable(report, width), renderFrontier(report, width)].join('\n'));
    await writeFile(flags.json, text);
    writeOut(`\nReport: ${resolve(flags.json)}\n`);
  }
  await page?.write(report);
  if (page !== undefined && !toStdout) writeOut(`Page: ${page.path}\n`);
  for (const line of report.policies.flatMap(warningsOf)) writeErr(printable(`${line}\n`));
  if (!isSound(report.policies)) process.exitCode = 1;
}

async function runBatches(flags: Flags & BatchFlags, command: Command): Promise<void> {
  const { writeOut = () => {} } = command.configureOutput();
  const toStdout = flags.json === STDOUT;
  if (!toStdout) await checkReportFolder(flags.json);
  const reports = await compareBatches(flags, commandLine(command));
  const lines = reports.map((report) => `${JSON.stringify(report)}\n`).join('');
  if (toStdout) return void writeOut(lines);
  for (const report of reports) writeOut(renderBatches(report));
  await writeFile(flags.json, lines);
  writeOut(`\nReport: ${resolve(flags.json)}\n`);
}

/** Before the work, not after it. */
async function checkReportFolder(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new SyscallError('invalid-config', `--json: Expected a file that can be written, got "${path}"`, { cause });
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}
