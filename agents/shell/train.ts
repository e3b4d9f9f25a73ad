import type { Command } from 'commander';
import { type Artefact, writeArtefact } from '../../schedulers/eccos/predictor/artefact.js';
import { Progress } from '../lab/predictor/progress.js';
import { train } from '../lab/predictor/train.js';
import { describeSkipped, readRecords } from '../lab/records/labelled-records.js';
import { readModelNames } from '../lab/records/model-names.js';
import { wholeNumber } from '../terminal/arguments.js';
import { err, printable } from '../terminal/printer.js';
import { renderTable } from '../terminal/table.js';
import { makeResultFolder } from './output.js';

/**
 * Adds `eccos train`: a predictor from recorded outcomes.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option or line, field, rule and value.
 */
export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('train a predictor on the train split of recorded outcomes; the validation split stops it')
    .requiredOption('--data <file...>', 'outcome files')
    .requiredOption('--out <dir>', 'folder that the predictor is written to')
    .option('--models <list>', 'models by comma, or @FILE with one a line (default: every one)')
    .option('--encoder <dir>', 'with model.onnx and tokenizer.json (default: the shipped one)')
    .option('--seed <n>', 'same seed, same bytes', wholeNumber(0, 1e6), 1)
    .option('--skip-bad', 'leave out bad records, and say which')
    .action(run);
}

interface Flags {
  readonly data: readonly string[];
  readonly out: string;
  readonly models?: string;
  readonly encoder?: string;
  readonly seed: number;
  readonly skipBad?: true;
}

async function run(flags: Flags, command: Command): Promise<void> {
  const { writeOut = () => {} } = command.configureOutput();
  const models = flags.models === undefined ? undefined : await readModelNames(flags.models);
  await makeResultFolder('--out', flags.out);
  const files = [];
  for (const path of flags.data) {
    const file = await readRecords(path, { skipBad: flags.skipBad ?? false });
    err(printable(describeSkipped(file)));
    files.push(file);
  }
  const artefact = await train({ files, models, seed: flags.seed, encoder: flags.encoder, progress: new Progress() });
  await writeArtefact(flags.out, artefact);
  writeOut(`${describe(artefact)}\nWritten to ${flags.out}\n`);
}

function describe({ file: { training, metrics, models } }: Artefact): string {
  const figures = Object.entries(metrics).map(([name, value]) => [name, value === null ? '-' : value.toFixed(4)]);
  return [
    `${models.length} models, ${training.trainRecords} records to learn from, ${training.validationRecords} to stop by`,
    `nets stopped after ${training.nets.map(({ epoch }) => epoch).join(', ')} epochs`,
    renderTable(['on the validation part', ''], figures),
  ].join('\n');
}
