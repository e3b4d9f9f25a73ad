import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
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
import { SPLITS } from '../lab/records/split.js';
import { addOptions, flag, list, option, text, wholeNumber } from '../terminal/options.js';
import { err, printable } from '../terminal/printer.js';
import { commandLine } from './command-line.js';
import { checkFile, makeResultFolder } from './output.js';

const STDOUT = '-';
const PLAIN_WIDTH = 120;

/** Numbers by comma, each above the one before. */
const risingNumbers = z
  .string()
  .refine((given) => {
    const counts = given.split(',');
    return counts.every((one, i) => /^[1-9]\d{0,6}$/.test(one) && (i === 0 || Number(one) > Number(counts[i - 1])));
  }, 'Expected whole numbers above 0 by comma, rising.')
  .transform((given) => given.split(',').map(Number));

const evaluateFlags = z.object({
  data: option(list, { value: '<file...>', about: 'outcome files, each measured by itself' }),
  models: option(text.optional(), {
    value: '<list>',
    about: 'models by comma, or @FILE with one a line (default: every one)',
  }),
  predictor: option(text.optional(), { value: '<dir>', about: 'made by eccos train (default: the shipped one)' }),
  encoder: option(text.optional(), {
    value: '<dir>',
    about: 'with model.onnx and tokenizer.json (default: the shipped one)',
  }),
  split: option(z.enum(SPLITS).default('test'), { value: '<name>', about: 'part of the data' }),
  all: option(flag, { about: 'all of the data, also what the predictor was trained on', conflicts: ['split'] }),
  cv: option(wholeNumber(2, 20).optional(), {
    value: '[folds]',
    about: 'train again in so many folds, and measure on all of the data',
    preset: 5,
    conflicts: ['split', 'predictor', 'feedback', 'after'],
  }),
  feedback: option(wholeNumber(0, 1e6).default(0), {
    value: '<n>',
    about: 'rated records to learn from first, which are not measured, and on none of which it was trained',
  }),
  after: option(risingNumbers.optional(), {
    value: '<list>',
    about:
      'numbers of rated answers, by comma: what is learnt from so many, beside means and neighbours (such as 50,200,1000)',
    conflicts: ['feedback'],
  }),
  seed: option(wholeNumber(0, 1e6).default(1), { value: '<n>', about: 'of folds, nets and feedback' }),
  skipBad: option(flag, { about: 'leave out bad records, and say which' }),
  json: option(text.optional(), {
    value: '<file>',
    about: 'the report, one line a data file; - for stdout, and nothing else there',
  }),
  svg: option(text.optional(), {
    value: '<dir>',
    about: 'draw the quality-cost frontier and the reliability plot there',
  }),
});

/**
 * Adds `eccos evaluate`: what a predictor is worth on records that it has not seen.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option or line, field, rule and value.
 */
export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure a predictor on recorded outcomes, beside its baselines')
    .action(run);
  addOptions(command, evaluateFlags);
}

async function run(flags: z.infer<typeof evaluateFlags>, command: Command): Promise<void> {
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
      after: flags.after ?? [],
      threads: availableParallelism(),
      progress,
      stopwatch,
    };
    const report = await evaluate(options);
    reports.push(report);
    if (flags.json !== STDOUT) {
      writeOut(`${renderEvaluation(report, records.length, process.stdout.columns ?? PLAIN_WIDTH)}\n`);
    }
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
