import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitOf } from '../../../agents/lab/records/split.js';
import { registerTrain } from '../../../agents/shell/train.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { readArtefact } from '../../../schedulers/eccos/predictor/artefact.js';
import { tinyModel, writeEncoder } from '../../schedulers/eccos/encoder/tiny-encoder.js';
import { shellCommand } from '../lab/predictor/shell-command.js';
import { MODELS, RECORDS, writeRecords } from '../lab/records/made-records.js';
import { eccos } from './eccos.js';

const FILES = ['heads.onnx', 'predictor.json', 'seen.bin'];

let folder = '';
let data = '';
/** A folder with an encoder that takes no time. */
let encoder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-train-'));
  data = writeRecords(folder, 'records.jsonl', RECORDS);
  encoder = join(folder, 'encoder');
  mkdirSync(encoder);
  writeEncoder(encoder, tinyModel());
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = (...args: readonly string[]) => shellCommand(registerTrain, 'train', '--encoder', encoder, ...args);
const bytesOf = (name: string) => FILES.map((file) => readFileSync(join(folder, name, file)));

describe('eccos train', () => {
  test('writes a predictor, prints what it is worth to stdout and progress to stderr', async () => {
    const out = join(folder, 'process');
    const { code, stdout, stderr } = await eccos(['train', '--data', data, '--out', out, '--seed', '3']);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(FILES);
    const parts = (split: string) => RECORDS.filter(({ prompt }) => splitOf(prompt) === split).length;
    const [learnt, stopped] = [parts('train'), parts('validation')];
    expect(stdout).toContain(`5 models, ${learnt} records to learn from, ${stopped} to stop by\n`);
    expect(stdout).toMatch(/^nets stopped after (\d+, ){3}\d+ epochs$/m);
    const figures = ['auc', 'ece', 'brier', 'tokensR2Log', 'tokensP90Coverage'];
    for (const figure of figures) expect(stdout).toMatch(new RegExp(`^${figure} +-?\\d\\.\\d{4}$`, 'm'));
    expect(stdout.trimEnd().endsWith(`Written to ${out}`)).toBe(true);
    expect(stderr).toMatch(/^encoding =+ 100 %/m);
    expect(stderr).toMatch(/^training =+ 100 %/m);

    const { file, seen } = await readArtefact(out);
    expect(file.models.map(({ name }) => name)).toEqual(MODELS);
    expect(file.training).toMatchObject({
      seed: 3,
      data: [{ file: 'records.jsonl', records: 300 }],
      trainRecords: learnt,
      validationRecords: stopped,
    });
    expect(Object.keys(file.metrics)).toEqual(figures);
    for (const { prompt } of RECORDS) expect(seen.has(prompt)).toBe(splitOf(prompt) !== 'test');
  });

  test('the same seed gives the same bytes, another one gives other weights', async () => {
    await train('--data', data, '--out', join(folder, 'first'), '--seed', '7', '--models', 'simulated-tiny');
    await train('--data', data, '--out', join(folder, 'again'), '--seed', '7', '--models', 'simulated-tiny');
    await train('--data', data, '--out', join(folder, 'other'), '--seed', '8', '--models', 'simulated-tiny');
    expect(bytesOf('again')).toEqual(bytesOf('first'));
    const [first, other] = [bytesOf('first'), bytesOf('other')];
    expect(other[0]?.equals(first[0] as Buffer)).toBe(false);
    expect(other[2]).toEqual(first[2]);
  });

  test('--models takes those only, also from a file, and what it replaces is replaced whole', async () => {
    const names = join(folder, 'names.txt');
    writeFileSync(names, 'simulated-large\nsimulated-tiny\n');
    const out = join(folder, 'first');
    await train('--data', data, '--out', out, '--models', `@${names}`);
    expect(readdirSync(out).sort()).toEqual(FILES);
    expect((await readArtefact(out)).file.models.map(({ name }) => name)).toEqual([
      'simulated-large',
      'simulated-tiny',
    ]);
  });
});

describe('what cannot be trained on', () => {
  const out = () => join(folder, 'refused');
  const only = (part: 'train' | 'validation', keep: (record: OutcomeRecord) => OutcomeRecord) =>
    RECORDS.map((record) => (splitOf(record.prompt) === part ? keep(record) : record));
  const withoutTiny = (record: OutcomeRecord) => ({
    ...record,
    outputs: record.outputs.filter(({ model }) => model !== 'simulated-tiny'),
  });

  test.each<[string, readonly (OutcomeRecord | string)[], readonly string[], RegExp]>([
    ['an empty file', [], [], /--data: Expected at least one record in .*bad\.jsonl, got none/],
    ['blank lines', ['', ' '], [], /--data: Expected at least one record in .*bad\.jsonl, got none/],
    [
      'one record',
      RECORDS.slice(0, 1),
      [],
      /at least 20 records of the chosen models in the train part of .*bad\.jsonl, got [01]$/,
    ],
    [
      'an unknown model',
      RECORDS,
      ['--models', 'simulated-tiny,nobody'],
      /--models: Expected models that the data knows \(simulated-tiny, .*\), got "nobody"/,
    ],
    [
      'a model that no record has',
      RECORDS.map(withoutTiny),
      ['--models', 'simulated-tiny'],
      /--models: Expected models that the data knows \(simulated-small, .*\), got "simulated-tiny"/,
    ],
    [
      'a model without outcomes to learn from',
      only('train', withoutTiny),
      ['--models', 'simulated-small,simulated-tiny'],
      /outcomes of model "simulated-tiny" in the train part of .*bad\.jsonl, got none/,
    ],
    [
      'no outcomes to stop by',
      only('validation', withoutTiny),
      ['--models', 'simulated-tiny'],
      /at least 20 records of the chosen models in the validation part of .*bad\.jsonl, got 0/,
    ],
    [
      'bills without tokens',
      RECORDS.map((record) => ({
        ...record,
        input_tokens: 0,
        outputs: record.outputs.map((outcome) => ({ ...outcome, output_tokens: 0 })),
      })),
      [],
      /outcomes of model "simulated-tiny" with tokens to pay for, got none/,
    ],
  ])('%s', async (_what, lines, args, message) => {
    const path = writeRecords(folder, 'bad.jsonl', lines);
    const failed = expect(train('--data', path, '--out', out(), ...args)).rejects;
    await failed.toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
    expect(readdirSync(out())).toEqual([]);
  });

  test('an output path that is a file is refused before the work', async () => {
    const started = train('--data', join(folder, 'nowhere.jsonl'), '--out', data);
    await expect(started).rejects.toThrow(`--out: Expected a folder that can be written, got "${data}"`);
  });

  test('one line and an exit code', async () => {
    const path = join(folder, 'nowhere.jsonl');
    const { code, stdout, stderr } = await eccos(['train', '--data', path, '--out', out()]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^eccos: Expected .*nowhere\.jsonl to be a readable outcome file: ENOENT.*\n$/);
  });
});

describe('--skip-bad', () => {
  test('leaves out bad lines, names each, and says how many there were', async () => {
    const [first, ...rest] = RECORDS;
    const lines = ['{"id": ', ...rest, { ...(first as OutcomeRecord), outputs: [] }, rest[0] as OutcomeRecord];
    const path = writeRecords(folder, 'mixed.jsonl', lines);
    const out = join(folder, 'skipped');
    await expect(train('--data', path, '--out', out, '--models', 'simulated-tiny')).rejects.toThrow(
      'mixed.jsonl:1: Expected one JSON object a line',
    );
    const { stderr } = await train('--data', path, '--out', out, '--models', 'simulated-tiny', '--skip-bad');
    expect(stderr.split('\n').filter((line) => line.startsWith('left out'))).toEqual([
      'left out: mixed.jsonl:1: Expected one JSON object a line (which has no NaN or Infinity)',
      'left out: mixed.jsonl:301: record.outputs: Expected the outcome of at least one model, got []',
      'left out: mixed.jsonl:302: repeats a prompt',
      `left out: 3 of 302 lines of ${path}`,
    ]);
    expect((await readArtefact(out)).file.training.data[0]?.records).toBe(299);
  });
});
