import { describe, expect, test } from 'vitest';
import { type Evaluation, evaluationOf } from '../../../../agents/lab/evaluate/evaluation.js';
import { frontierChart } from '../../../../agents/lab/evaluate/frontier-chart.js';
import { reliabilityChart } from '../../../../agents/lab/evaluate/reliability-chart.js';
import { evaluationReport } from '../../../../agents/lab/evaluate/report.js';
import { renderEvaluation } from '../../../../agents/lab/evaluate/table.js';
import { outcomesFrom, predictionsFrom } from '../metrics/made-outcomes.js';
import { evaluation, MODELS, madeEvaluation } from './made-evaluation.js';

const UNKNOWN = Number.NaN;

describe('of a made-up predictor', () => {
  const report = evaluationOf(madeEvaluation());
  const zero = report.baselines['zero router'];
  const oracle = report.baselines['oracle'];

  test('the report keeps its own schema and repeats exactly', () => {
    expect(evaluationReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(evaluationOf(madeEvaluation())).toEqual(report);
  });

  test('every baseline says on what it was measured, by the keys of the report itself', () => {
    const { data, models, n } = report;
    expect([data, models, n]).toEqual([['data/outcomes.jsonl'], MODELS, 200]);
    for (const baseline of Object.values(report.baselines)) {
      expect(baseline).toMatchObject({ data, models, n });
      for (const key of Object.keys(baseline)) expect(Object.keys(report)).toContain(key);
    }
  });

  test('it ranks better than chance and saves more than mixing models, less than the oracle', () => {
    expect(report.auc?.mean).toBeGreaterThan(0.65);
    expect(report.tokens.r2Log?.mean).toBeGreaterThan(0.05);
    const savings = [zero, report, oracle].map((own) => own?.routing.savingAt['0.98']?.mean ?? Number.NaN);
    expect(savings).toEqual([...savings].sort((a, b) => a - b));
    expect(new Set(savings).size).toBe(3);
    expect(report.routing.aiqMinusZero?.low).toBeGreaterThan(0);
  });

  test('references are what they are by definition', () => {
    const { 'best single': best, cheapest } = report.baselines;
    expect(zero?.routing.aiqMinusZero).toEqual({ mean: 0, low: 0, high: 0 });
    expect(best?.routing.savingAt['1.00']).toEqual({ mean: 0, low: 0, high: 0 });
    expect(cheapest?.routing.savingAt['1.00']).toBeNull();
    expect(cheapest?.routing.envelope).toHaveLength(1);
    const large = report.singles.find(({ model }) => model === 'large');
    expect(best?.routing.topQuality?.mean).toBe(large?.quality);
    expect(best?.routing.topCostPer1000?.mean).toBe(large?.costPer1000);
    for (const baseline of [zero, best, cheapest, oracle]) {
      expect(baseline).toMatchObject({ auc: null, ece: null, brier: null, gamma: null, reliability: [] });
    }
  });

  test('gamma changes the routing and nothing else', () => {
    const { gamma, routing, predictMs, auc, ece, brier } = report;
    const unshrunk = report.baselines['unshrunk predictor'];
    expect(unshrunk).toMatchObject({ auc, ece, brier, gamma: 1 });
    expect(gamma).toBe(0.7);
    expect(unshrunk?.routing.envelope).not.toEqual(routing.envelope);
    expect(predictMs).toEqual({ p50: { mean: 2, low: null, high: null }, p99: { mean: 2.98, low: null, high: null } });
    expect(unshrunk?.predictMs).toEqual({ p50: null, p99: null });
  });

  test('every interval holds its figure, and the band the envelope', () => {
    const { auc, ece, brier, tokens, routing } = report;
    const figures = [auc, ece, brier, tokens.r2Log, tokens.p90Coverage, ...Object.values(routing.savingAt)];
    for (const figure of figures) {
      expect(figure?.mean).toBeGreaterThanOrEqual(figure?.low ?? Infinity);
      expect(figure?.mean).toBeLessThanOrEqual(figure?.high ?? -Infinity);
    }
    expect(report.band.length).toBeGreaterThan(20);
    for (const { low, high } of report.band) expect(low).toBeLessThan(high);
  });

  test('the table shows the predictor beside each baseline', () => {
    const table = renderEvaluation(report, 4 * report.n, 1000);
    expect(table).toContain(`${report.n} of ${4 * report.n} records (25 %)`);
    const [head = '', ...rows] = table.slice(table.indexOf('\n\n') + 2).split('\n');
    expect(head.trim().split(/ {2,}/)).toEqual(['predictor', ...Object.keys(report.baselines)]);
    const auc = rows.find((row) => row.startsWith('AUC'));
    expect(auc?.trim().split(/ {2,}/)).toHaveLength(2 + Object.keys(report.baselines).length);
    expect(auc).toContain(` ${Number(report.auc?.mean.toPrecision(3))} [`);
    expect(auc).toMatch(/null$/);
    expect(table).toContain('200 records that all models answered, 0 left out');
    expect(table).not.toContain('NaN');
  });

  test('after some rated answers, what is gained is the difference of paired figures', () => {
    const made = madeEvaluation();
    const { predictor } = made;
    const even = {
      ...predictor,
      predictions: { ...predictor.predictions, quality: new Float64Array(made.outcomes.score.length).fill(0.5) },
    };
    const [stage] = evaluationOf({
      ...made,
      stages: [{ answers: 50, predictor, baselines: { even, same: predictor } }],
    }).after;
    const { even: other, same } = stage?.baselines ?? {};
    expect(stage).toMatchObject({ answers: 50, predictor: { auc: report.auc, brier: report.brier, ece: report.ece } });
    expect(other?.auc?.mean).toBe(0.5);
    expect(other?.gain.auc?.mean).toBeCloseTo((report.auc?.mean ?? 0) - 0.5, 12);
    expect(other?.gain.auc?.low).toBeGreaterThan(0);
    expect(other?.gain.brier?.high).toBeLessThan(0);
    const none = { mean: 0, low: 0, high: 0 };
    expect(same?.gain).toEqual({ auc: none, brier: none, savingAt: { '0.98': none, '0.95': none } });
    expect(stage?.predictor.savingAt).toEqual({
      '0.98': report.routing.savingAt['0.98'],
      '0.95': report.routing.savingAt['0.95'],
    });
    const table = renderEvaluation({ ...report, after: stage === undefined ? [] : [stage] }, report.n, 1000);
    expect(table).toContain('after 50 rated answers');
    expect(table).toMatch(/predictor +even +predictor less these/);
  });

  test('charts repeat byte for byte and name what they show', async () => {
    for (const [chart, words] of [
      [frontierChart, [...MODELS, 'predictor', 'oracle', 'zero router', 'US dollars per 1,000 queries']],
      [reliabilityChart, ['predictor', 'perfectly calibrated', '600 predictions', '10 bins of 60']],
    ] as const) {
      const svg = await chart(report);
      expect(await chart(report)).toBe(svg);
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      for (const word of words) expect(svg).toContain(word);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe.each<{ name: string; input: Evaluation; routed?: number }>([
  { name: 'no records', input: evaluation(outcomesFrom([]), predictionsFrom([])), routed: 0 },
  { name: 'one record', input: madeEvaluation(1) },
  { name: 'one model', input: evaluation(outcomesFrom([[1], [0]]), predictionsFrom([[0.7], [0.2]])) },
  {
    name: 'all right',
    input: evaluation(
      outcomesFrom([
        [1, 1],
        [1, 1],
      ]),
      predictionsFrom([
        [0.7, 1],
        [0.2, 1],
      ]),
    ),
  },
  {
    name: 'all wrong',
    input: evaluation(
      outcomesFrom([
        [0, 0],
        [0, 0],
      ]),
      predictionsFrom([
        [0.7, 0],
        [0.2, 0],
      ]),
    ),
  },
  {
    name: 'all free',
    input: evaluation(
      outcomesFrom(
        [
          [0, 1],
          [1, 1],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ),
      predictionsFrom(
        [
          [0.7, 0.9],
          [0.2, 0.3],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    ),
  },
  {
    name: 'one model free',
    input: evaluation(
      outcomesFrom(
        [
          [0, 1],
          [1, 1],
        ],
        [
          [0, 2],
          [0, 2],
        ],
      ),
      predictionsFrom(
        [
          [0.7, 0.9],
          [0.2, 0.9],
        ],
        [
          [0, 2],
          [0, 2],
        ],
      ),
    ),
  },
  {
    name: 'no record that all answered',
    input: evaluation(
      outcomesFrom([
        [1, UNKNOWN],
        [UNKNOWN, 0],
      ]),
      predictionsFrom([
        [0.7, 0.9],
        [0.2, 0.3],
      ]),
    ),
    routed: 0,
  },
  {
    name: 'some records that not all answered',
    input: evaluation(
      outcomesFrom([
        [1, 0],
        [UNKNOWN, 0],
        [0, 1],
      ]),
      predictionsFrom([
        [0.7, 0.9],
        [0.2, 0.3],
        [0.5, 0.9],
      ]),
    ),
    routed: 2,
  },
  {
    name: 'no prediction for one record',
    input: evaluation(outcomesFrom([[1], [0]]), predictionsFrom([[0.7], [UNKNOWN]])),
  },
])('$name', ({ input, routed = input.outcomes.records }) => {
  test('gives a whole report, numbers or null, and its drawings', async () => {
    const report = evaluationOf(input);
    expect(evaluationReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({ n: input.outcomes.records, routed, leftOut: input.outcomes.records - routed });
    const drawn =
      renderEvaluation(report, report.n, 100) + (await frontierChart(report)) + (await reliabilityChart(report));
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
  });
});

test('who predicts nothing of a record cannot route, and is measured by the rest', () => {
  const { predictor, outcomes, ...rest } = madeEvaluation();
  const quality = predictor.predictions.quality.slice().fill(UNKNOWN, 0, MODELS.length);
  const predictions = { ...predictor.predictions, quality };
  const report = evaluationOf({ ...rest, outcomes, predictor, baselines: { gap: { predictions } } });
  const { auc, routing } = report.baselines['gap'] ?? {};
  expect(auc?.mean).toBeCloseTo(report.auc?.mean ?? 0, 1);
  expect(routing).toEqual({
    savingAt: { '1.00': null, '0.98': null, '0.95': null },
    aiqMinusZero: null,
    topQuality: null,
    topCostPer1000: null,
    envelope: [],
  });
});
