import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EvaluationReport, evaluationReport } from '../../../agents/lab/evaluate/report.js';
import { NEW_MODEL_BASELINE } from '../../../agents/lab/old-names.js';
import { splitOf } from '../../../agents/lab/records/split.js';
import { registerEvaluate } from '../../../agents/shell/evaluate.js';
import { registerTrain } from '../../../agents/shell/train.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { tinyModel, writeEncoder } from '../../schedulers/eccos/encoder/tiny-encoder.js';
import { shellCommand } from '../lab/predictor/shell-command.js';
import { MODELS, RECORDS, writeRecords } from '../lab/records/made-records.js';
import { eccos } from './eccos.js';

let folder = '';
/** A folder with an encoder that takes no time, one with a predictor that was trained on it, and its records. */
let encoder = '';
let predictor = '';
let data = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-evaluate-'));
  data = writeRecords(folder, 'records.jsonl', RECORDS);
  [encoder, predictor] = [join(folder, 'encoder'), join(folder, 'predictor')];
  mkdirSync(encoder);
  writeEncoder(encoder, tinyModel());
  await shellCommand(registerTrain, 'train', '--data', data, '--encoder', encoder, '--out', predictor);
});
afterAll(() => rmSync(folder, { recursive: true }));

const evaluate = (...args: readonly string[]) =>
  shellCommand(registerEvaluate, 'evaluate', '--encoder', encoder, ...args);
/** With the trained predictor, of two models, which take half the time of five. */
const trained = (...args: readonly string[]) =>
  evaluate('--predictor', predictor, '--models', 'simulated-tiny,simulated-large', ...args);
const known = (...args: readonly string[]) => trained('--data', data, ...args);

function reportsOf(stdout: string): EvaluationReport[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => evaluationReport.parse(JSON.parse(line)));
}

const inPart = (part: string) => RECORDS.filter(({ prompt }) => splitOf(prompt) === part).length;

describe('eccos evaluate --json -', () => {
  test('writes one object a data file to stdout, and nothing else; progress goes to stderr', async () => {
    const second = writeRecords(folder, 'second.jsonl.gz', RECORDS.slice(0, 100));
    const args = ['--encoder', encoder, '--predictor', predictor, '--data', data, second, '--json', '-'];
    const { code, stdout, stderr } = await eccos(['evaluate', ...args]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^predicting =+ 100 %/m);
    const reports = reportsOf(stdout);
    expect(reports.map((report) => report.data)).toEqual([[data], [second]]);
    expect(reports[0]).toMatchObject({
      command: `eccos evaluate ${args.join(' ')}`,
      split: 'test',
      models: MODELS,
      n: inPart('test'),
      folds: null,
    });
  });

  test('has the promised figures with intervals, of the predictor and of each baseline', async () => {
    const [report] = reportsOf((await known('--json', '-', '--feedback', '20')).stdout);
    const measured = [report, ...Object.values(report?.baselines ?? {})];
    for (const one of measured) {
      expect(one).toMatchObject({
        tokens: { r2Log: anyFigure, p90Coverage: anyFigure },
        routing: { savingAt: { '1.00': anyFigure, '0.98': anyFigure, '0.95': anyFigure }, aiqMinusZero: anyFigure },
        predictMs: { p50: anyFigure, p99: anyFigure },
        auc: anyFigure,
        ece: anyFigure,
        brier: anyFigure,
      });
    }
    for (const figure of [report?.auc, report?.ece, report?.brier, report?.tokens.p90Coverage]) {
      const { mean, low, high } = figure ?? { mean: 2, low: 3, high: 1 };
      expect(low).toBeLessThanOrEqual(mean);
      expect(mean).toBeLessThanOrEqual(high as number);
      expect(mean).toBeGreaterThanOrEqual(0);
      expect(mean).toBeLessThanOrEqual(1);
    }
    expect(Object.keys(report?.baselines ?? {})).toEqual([
      'zero router',
      'before feedback',
      'data set means',
      '16 neighbours',
      'weighted neighbours',
      'best single',
      'cheapest',
      'oracle',
    ]);
    expect(report?.baselines['oracle']?.auc).toBeNull();
    expect(report?.predictMs.p50?.mean).toBeGreaterThan(0);
  });

  test('goes to a file where one is named, and the table to stdout', async () => {
    const path = join(folder, 'report.json');
    const { stdout } = await known('--json', path);
    const share = ((100 * inPart('test')) / RECORDS.length).toFixed(0);
    expect(stdout).toContain(
      `data     ${data} (test), ${inPart('test')} of ${RECORDS.length} records (${share} %), 2 models\n`,
    );
    expect(stdout).toMatch(/^AUC +0\.\d+ \[0\.\d+, 0\.\d+\] +null/m);
    expect(reportsOf(readFileSync(path, 'utf8'))).toHaveLength(1);
  });
});

const anyFigure = {
  asymmetricMatch: (value: unknown) =>
    value === null || (typeof value === 'object' && Object.keys(value).join() === 'mean,low,high'),
};

describe('eccos evaluate', () => {
  test('--cv trains anew in folds, also with an encoder of its own, and looks at every record', async () => {
    const models = ['simulated-tiny', 'simulated-large'];
    const { stdout, stderr } = await evaluate('--data', data, '--cv', '3', '--models', models.join(), '--json', '-');
    const [report] = reportsOf(stdout);
    expect(report).toMatchObject({ n: 300, folds: 3, split: 'all', models });
    expect(Object.keys(report?.baselines ?? {})).toEqual(
      expect.arrayContaining([NEW_MODEL_BASELINE, 'data set means', '16 neighbours', 'weighted neighbours']),
    );
    expect(report?.auc?.mean).toBeGreaterThan(0.7);
    expect(report?.predictMs.p99?.mean).toBeGreaterThan(0);
    expect(stderr).toMatch(/^training =+ 100 %/m);
  });

  test('the same command gives the same figures, but for the times', async () => {
    const run = async () => {
      const [report] = reportsOf((await known('--feedback', '20', '--json', '-')).stdout);
      return { ...report, predictMs: undefined };
    };
    expect(await run()).toEqual(await run());
  });

  test('--cv without a number takes five folds', () => {
    const program = new Command();
    registerEvaluate(program);
    expect(program.commands[0]?.helpInformation()).toMatch(/--cv \[folds\] [^-]*\(preset: 5\)/);
  });

  describe('--feedback N', () => {
    /** Prompts that the predictor has not seen. All models have changed: none is right any more. */
    const fresh = () =>
      writeRecords(
        folder,
        'fresh.jsonl',
        RECORDS.map((record) => ({
          ...record,
          prompt: `${record.prompt} `,
          outputs: record.outputs.map((outcome) => ({ ...outcome, score: 0 })),
        })),
      );
    const after = async (count: number, ...args: readonly string[]) => {
      const given = ['--data', fresh(), '--feedback', `${count}`, ...args, '--json', '-'];
      return reportsOf((await trained(...given)).stdout)[0] as EvaluationReport;
    };

    test('learns from N records of other splits, measures on the same ones, and shows what it is worth', async () => {
      const [none, many] = [await after(0), await after(150)];
      expect(many.n).toBe(none.n);
      expect(many.feedback).toEqual({ asked: 150, learnt: 150 });
      expect(many.brier?.mean).toBeLessThan(0.2 * (none.brier?.mean ?? Number.NaN));
      // Beside it stand the same records before it, and the records without nets.
      const { auc, brier, tokens, routing } = none;
      expect(many.baselines['before feedback']).toMatchObject({ auc, brier, tokens, routing });
      // All that was shown was wrong.
      for (const name of ['data set means', '16 neighbours', 'weighted neighbours']) {
        expect(many.baselines[name]?.brier?.mean).toBeLessThan(0.01);
      }
    });

    test('with --all takes any N, and measures all the others', async () => {
      const report = await after(120, '--all');
      expect(report).toMatchObject({ feedback: { asked: 120, learnt: 120 }, n: 180, split: 'all' });
    });

    test('never learns from what the predictor was trained on, and says how many were left', async () => {
      const { stdout } = await known('--all', '--feedback', '300', '--json', join(folder, 'short.json'));
      const learnt = inPart('test');
      const [report] = reportsOf(readFileSync(join(folder, 'short.json'), 'utf8'));
      expect(report).toMatchObject({ feedback: { asked: 300, learnt }, n: 300 - learnt });
      expect(stdout).toContain(
        `\nfeedback ${learnt} rated records learnt from first, not measured, of 300 asked for: the predictor was trained on`,
      );
    });
  });

  test('--svg draws two plots a data file', async () => {
    const plots = join(folder, 'plots', 'here');
    await known('--svg', plots, '--json', '-');
    expect(readdirSync(plots).sort()).toEqual(['records-frontier.svg', 'records-reliability.svg']);
    for (const name of readdirSync(plots)) {
      const svg = readFileSync(join(plots, name), 'utf8');
      expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(svg.trimEnd().endsWith('</svg>')).toBe(true);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('a model that the predictor does not know is predicted from the others, and not as 0', async () => {
    const renamed = RECORDS.map((record) => ({
      ...record,
      outputs: record.outputs.map((one) => (one.model === 'simulated-large' ? { ...one, model: 'newcomer' } : one)),
    }));
    const path = writeRecords(folder, 'newcomer.jsonl', renamed);
    const { stdout } = await evaluate('--predictor', predictor, '--data', path, '--models', 'newcomer', '--json', '-');
    const [report] = reportsOf(stdout);
    expect(report?.models).toEqual(['newcomer']);
    for (const { predicted } of report?.reliability ?? []) expect(Math.abs(predicted - 0.5)).toBeLessThan(0.45);
  });

  test.each([['test'], ['all']])('any text is a prompt: %s', async (part) => {
    const prompts = [
      'x '.repeat(500_000),
      '\u{1f600}'.repeat(600),
      '\u6f22\u5b57'.repeat(300),
      ' ',
      '\ud800\udc00\ud800',
      'a\u0000b',
      '\n'.repeat(5000),
      '"\\u0000\\ud800',
    ];
    const [first] = RECORDS as [OutcomeRecord];
    const strange = prompts.map((prompt) => ({ ...first, prompt }));
    const path = writeRecords(folder, 'strange.jsonl', [...strange, ...RECORDS.slice(0, 20)]);
    const args = part === 'all' ? ['--all'] : [];
    const { stdout } = await evaluate('--predictor', predictor, '--data', path, '--json', '-', ...args);
    const [report] = reportsOf(stdout);
    expect(report?.brier?.mean).toBeLessThanOrEqual(1);
    for (const { predicted } of report?.reliability ?? []) expect(predicted > 0 && predicted < 1).toBe(true);
  });

  test('one record has figures, too; those that need more are null', async () => {
    const one = RECORDS.find(({ prompt }) => splitOf(prompt) === 'test') as OutcomeRecord;
    const path = writeRecords(folder, 'one.jsonl', [one]);
    const [report] = reportsOf((await evaluate('--predictor', predictor, '--data', path, '--json', '-')).stdout);
    expect(report).toMatchObject({ n: 1, routed: 1, auc: null, tokens: { r2Log: null } });
    expect(report?.brier?.mean).toBeGreaterThan(0);
  });
});

test('a malformed record is refused, or with --skip-bad left out and counted', async () => {
  const [first, second, ...rest] = RECORDS as [OutcomeRecord, OutcomeRecord, ...OutcomeRecord[]];
  const costly = JSON.stringify(second).replace(/"cost_usd":/, '"cost_usd":-');
  const path = writeRecords(folder, 'bad.jsonl', [first, costly, ...rest.slice(0, 50)]);
  const message = 'bad.jsonl:2: record.outputs.0.cost_usd: Too small: expected number to be >=0, got -';
  await expect(evaluate('--predictor', predictor, '--data', path)).rejects.toThrow(message);
  const { stderr } = await evaluate('--predictor', predictor, '--data', path, '--skip-bad', '--json', '-');
  expect(stderr).toContain(`left out: ${message}`);
  expect(stderr).toContain(`left out: 1 of 52 lines of ${path}\n`);
});

describe('what cannot be evaluated is reported before long work', () => {
  const files = { predictor: 'predictor.json', heads: 'heads.onnx' } as const;
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  const json = (change: (file: Record<string, unknown>) => object) => (bytes: Buffer) =>
    JSON.stringify(change(JSON.parse(bytes.toString())));

  test.each<[string, keyof typeof files, (bytes: Buffer) => Uint8Array | string, string]>([
    ['heads that are cut', 'heads', cut, 'heads.onnx to have sha256'],
    ['no heads', 'heads', () => '', 'heads.onnx to have sha256'],
    ['a description that is cut', 'predictor', cut, 'predictor.json to be JSON'],
    ['another version', 'predictor', json((file) => ({ ...file, version: 2 })), 'predictor.json: predictor.version: '],
    ['another format', 'predictor', () => '{"a": 1}', 'predictor.json: predictor.format: '],
    [
      'a wrong dimension',
      'predictor',
      json((file) => ({ ...file, encoder: { ...(file['encoder'] as object), dimensions: 4 } })),
      'predictor.json: Expected scale.mean to hold 64 numbers, got 63',
    ],
    [
      'other surface features',
      'predictor',
      json((file) => ({ ...file, surfaceFeatures: ['logWords'] })),
      'predictor.json: Expected the surface features of this version; train it again',
    ],
    [
      'fewer models than the heads have',
      'predictor',
      json((file) => ({ ...file, models: (file['models'] as unknown[]).slice(1) })),
      'heads.onnx to be [*, 8], got [n, 10]',
    ],
    [
      'no model',
      'predictor',
      json((file) => ({ ...file, models: [] })),
      'predictor.json: predictor.models: Too small: expected array to have >=1 items',
    ],
    [
      'another encoder',
      'predictor',
      json((file) => ({ ...file, encoder: { ...(file['encoder'] as object), sha256: 'a'.repeat(64) } })),
      `was trained on, sha256 ${'a'.repeat(64)}, got `,
    ],
  ])('a predictor with %s', async (_what, file, change, message) => {
    const spoilt = join(folder, 'spoilt');
    cpSync(predictor, spoilt, { recursive: true });
    const path = join(spoilt, files[file]);
    writeFileSync(path, change(readFileSync(path)));
    await expect(evaluate('--predictor', spoilt, '--data', data)).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining(message),
    });
    await expect(evaluate('--predictor', spoilt, '--data', data)).rejects.toThrow(spoilt);
  });

  test('an encoder that the predictor was not trained on', async () => {
    const other = join(folder, 'other-encoder');
    mkdirSync(other);
    writeEncoder(other, tinyModel({ scale: 2 }));
    const run = shellCommand(
      registerEvaluate,
      'evaluate',
      '--data',
      data,
      '--predictor',
      predictor,
      '--encoder',
      other,
    );
    await expect(run).rejects.toThrow(`Expected the encoder that ${predictor} was trained on, sha256 `);
  });

  test.each<[string, () => readonly string[], string | RegExp]>([
    ['an empty folder', () => ['--predictor', encoder, '--data', data], /encoder\/predictor\.json.*: ENOENT/],
    ['no folder', () => ['--predictor', '/nowhere', '--data', data], '/nowhere/predictor.json to be a readable file'],
    ['no data file', () => ['--data', '/nowhere.jsonl'], '/nowhere.jsonl to be a readable outcome file: ENOENT'],
    ['a folder as data', () => ['--data', folder], 'to be a readable outcome file: EISDIR'],
    [
      'an empty file',
      () => ['--data', writeRecords(folder, 'none.jsonl', [])],
      /one record in .*none\.jsonl, got none/,
    ],
    [
      'an unknown model',
      () => ['--data', data, '--models', 'nobody'],
      /--models: Expected models that the data knows \(simulated-tiny, .*\), got "nobody"/,
    ],
    ['a model twice', () => ['--data', data, '--models', 'a,a'], '--models: Expected one or more different names'],
    [
      'fewer records than folds',
      () => ['--data', writeRecords(folder, 'few.jsonl', RECORDS.slice(0, 3)), '--cv', '5'],
      /at least 20 records of the chosen models in the train part of .*few\.jsonl, got \d$/,
    ],
    [
      'what it was trained on',
      () => ['--predictor', predictor, '--data', data, '--split', 'train'],
      /--split: Expected records that the predictor was not trained on, got (\d+) of \1 in train of .*records\.jsonl/,
    ],
    [
      'more feedback than records',
      () => ['--predictor', predictor, '--data', data, '--feedback', '1000'],
      /--feedback: Expected records of .*records\.jsonl in test to be left to measure on, got none after 1000/,
    ],
    ['a report that has no place', () => ['--data', data, '--json', '/nowhere/out.json'], /--json: .*can be written/],
    [
      'plots of two files of one name',
      () => ['--data', data, data, '--svg', join(folder, 'plots')],
      /--svg: Expected data files of different names, got "records" twice/,
    ],
    ['plots that have no place', () => ['--data', data, '--svg', data], /--svg: Expected a folder that can be written/],
    ['a half fold', () => ['--data', data, '--cv', '2.5'], /--cv.*'2\.5'.*whole number from 2 to 20/],
    [
      'two kinds of measure',
      () => ['--data', data, '--cv', '--feedback', '3'],
      /--cv.*cannot be used with.*--feedback/,
    ],
  ])('%s', async (_what, args, message) => {
    await expect(evaluate(...args())).rejects.toThrow(message);
  });
});
