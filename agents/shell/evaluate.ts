import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { stopwatch } from '../../kernel/clock.js';
import { SyscallError } from '../../syscalls/errors.js';
import { frontierChart } from '../lab/evaluate/frontier-chart.js';
import { reliabilityChart } from '../lab/evaluate/reliability-chart.js';
import type { EvaluationReport } from '../lab/evaluate/report.js';
import { renderEvaluation } from '../lab/evaluate/table.js';
import { type EvaluateOptions, evaluate } from '../lab/predictor/evaluate.js';
import { Progress } from '../lab/predictor/progress.js';
import { describeSkipped, modelsOf, type RecordFile, readRecords } from '../lab/records/labelled-records.js';
import { readModelNames } from '../lab/records/model-names.js';
import type { Split } from '../lab/records/split.js';
import { wholeNumber } from '../terminal/arguments.js';
import { err, printable } from '../terminal/printer.js';
import { commandLine } from './command-line.js';
import { checkFile, makeResultFolder } from './output.js';

const STDOUT = '-';
const PLAIN_WIDTH = 120;

/**
 * Adds `eccos evaluate`: what a predictor is worth on records that it has not seen.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option or line, field, rule and value.
 */
export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure a predictor on recorded outcomes, beside its baselines')
    .requiredOption('--data <file...>', 'outcome files, each measured by itself')
    .option('--models <list>', 'models by comma, or @FILE with one a line (default: every one)')
    .option('--predictor <dir>', 'made by eccos train (default: the shipped one)')
    .option('--encoder <dir>', 'with model.onnx and tokenizer.json (default: the shipped one)')
    .addOption(
      new Option('--split <name>', 'part of the data').choices(['train', 'validation', 'test']).default('test'),
    )
    .addOption(new Option('--all', 'all of the data, also what the predictor was trained on').conflicts('split'))
    .addOption(
      new Option('--cv [folds]', 'train anew in so many folds, and measure on all of the data')
        .argParser(wholeNumber(2, 20))
        .preset(5)
        .conflicts(['split', 'predictor', 'feedback']),
    )
    .option(
      '--feedback <n>',
      'judged records to learn from first, which are not measured and none that it was trained on',
      wholeNumber(0, 1e6),
      0,
    )
    .option('--seed <n>', 'of folds, nets and feedback', wholeNumber(0, 1e6), 1)
    .option('--skip-bad', 'leave out bad records, and say which')
    .option('--json <file>', 'the report, one line a data file; - for stdout, and nothing else there')
    .option('--svg <dir>', 'draw the quality-cost frontier and the reliability plot there')
    .action(run);
}

interface Flags {
  readonly data: readonly string[];
  readonly models?: string;
  readonly predictor?: string;
  readonly encoder?: string;
  readonly split: Split;
  readonly all?: true;
  readonly cv?: number;
  readonly feedback: number;
  readonly seed: number;
  readonly skipBad?: true;
  readonly json?: string;
  readonly svg?: string;
}

async function run(flags: Flags, command: Command): Promise<void> {
  const { writeOut = () => {} } = command.configureOutput();
  const asked = flags.models === undefined ? undefined : await readModelNames(flags.models);
  if (flags.json !== undefined && flags.json !== STDOUT) await checkFile('--json', flags.json);
  if (flags.svg !== undefined) {
    refuseRepeatedNames(flags.data);
    await makeResultFolder('--svg', flags.svg);
  }
  const files: RecordFile[] = [];
  for (const path of flags.data) files.push(await readRecords(path, { skipBad: flags.skipBad ?? false }));
  const progress = new Progress();
  const reports: EvaluationReport[] = [];
  for (const file of files) {
    err(printable(describeSkipped(file)));
    const { path, records } = file;
    const options: EvaluateOptions = {
      command: commandLine(command),
      path,
      records,
      models: modelsOf(records, asked),
      split: flags.all ? 'all' : flags.split,
      folds: flags.cv,
      folders: { predictor: flags.predictor, encoder: flags.encoder },
      seed: flags.seed,
      feedback: flags.feedback,
      threads: availableParallelism(),
      progress,
      stopwatch,
    };
    const report = await evaluate(options);
    reports.push(report);
    if (flags.json !== STDOUT) writeOut(`${renderEvaluation(report, process.stdout.columns ?? PLAIN_WIDTH)}\n`);
    if (flags.svg !== undefined) await draw(report, flags.svg, plotName(path));
  }
  const lines = reports.map((report) => `${JSON.stringify(report)}\n`).join('');
  if (flags.json === STDOUT) writeOut(lines);
  else if (flags.json !== undefined) await writeFile(flags.json, lines);
}

/** Plots carry the name of their data file. */
function plotName(path: string): string {
  return basename(path).replace(/\.jsonl(\.gz)?$/, '');
}

function refuseRepeatedNames(paths: readonly string[]): void {
  const names = paths.map(plotName);
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated === undefined) return;
  throw new SyscallError('invalid-config', `--svg: Expected data files of different names, got "${repeated}" twice`);
}

async function draw(report: EvaluationReport, folder: string, name: string): Promise<void> {
  await writeFile(join(folder, `${name}-frontier.svg`), await frontierChart(report));
  await writeFile(join(folder, `${name}-reliability.svg`), await reliabilityChart(report));
}
