import type { Command } from 'commander';
import { z } from 'zod';
import { type Artefact, writeArtefact } from '../../schedulers/eccos/predictor/artefact.js';
import { Progress } from '../lab/predictor/progress.js';
import { train } from '../lab/predictor/train.js';
import { describeSkipped, readRecords } from '../lab/records/labelled-records.js';
import { readModelNames } from '../lab/records/model-names.js';
import { addOptions, flag, list, option, text, wholeNumber } from '../terminal/options.js';
import { err, printable } from '../terminal/printer.js';
import { renderTable } from '../terminal/table.js';
import { makeResultFolder } from './output.js';

const trainFlags = z.object({
  data: option(list, { value: '<file...>', about: 'outcome files' }),
  out: option(text, { value: '<dir>', about: 'folder that the predictor is written to' }),
  models: option(text.optional(), {
    value: '<list>',
    about: 'models by comma, or @FILE with one a line (default: every one)',
  }),
  encoder: option(text.optional(), {
    value: '<dir>',
    about: 'with model.onnx and tokenizer.json (default: the shipped one)',
  }),
  seed: option(wholeNumber(0, 1e6).default(1), { value: '<n>', about: 'same seed, same bytes' }),
  skipBad: option(flag, { about: 'leave out bad records, and say which' }),
});

/**
 * Adds `eccos train`: a predictor from recorded outcomes.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option or line, field, rule and value.
 */
export function registerTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a predictor on the train split of recorded outcomes; the validation split stops it')
    .action(run);
  addOptions(command, trainFlags);
}

async function run(flags: z.infer<typeof trainFlags>, command: Command): Promise<void> {
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
