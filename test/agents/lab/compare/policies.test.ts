import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitOf } from '../../../../agents/lab/records/split.js';
import { shippedPredictor } from '../../../../schedulers/eccos/predictor/open-predictor.js';
import { policyNames } from '../../../../schedulers/registry.js';
import { outcomeRecord, sharedData } from '../../../support/outcomes.js';
import { type Outcome, run } from './small-comparison.js';

let folder: string;
let data: string[];

/** Questions that the large model answers, and the small one if they are short. */
const RECORDS = Array.from({ length: 120 }, (_, i) => {
  const words = 1 + (i % 12);
  const prompt = `Question ${i}: what comes after${' this'.repeat(words)}?`;
  return outcomeRecord(prompt, { small: [words < 6 ? 1 : 0, 20, 0.0001], large: [i % 8 === 0 ? 0 : 1, 50, 0.002] });
});
const TRAINED = RECORDS.filter(({ prompt }) => splitOf(prompt) === 'train').length;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-policies-'));
  data = [join(folder, 'records.jsonl')];
  writeFileSync(data[0] as string, RECORDS.map((record) => JSON.stringify(record)).join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every policy, each with what it can do without records. */
const EVERYWHERE = policyNames().filter((name) => name !== 'per-call-16nn');

describe('every policy', () => {
  test('plays the synthetic load: no cap is broken, no call is lost', async () => {
    const { report } = await run({ policies: EVERYWHERE, seeds: 1, syscalls: 80 });
    expect(report.policies.map(({ name }) => name)).toEqual(EVERYWHERE);
    for (const policy of report.policies) {
      expect(policy).toMatchObject({ capViolations: 0, lost: 0, failed: 0, rejected: 0, totals: { calls: 80 } });
    }
    // The policy that knows the outcomes answers best.
    const qualities = report.policies.map(({ name, quality }) => [name, quality?.mean ?? 0] as const);
    const best = Math.max(...qualities.map(([, quality]) => quality));
    expect(Object.fromEntries(qualities)['oracle']).toBe(best);
  });

  test('plays recorded calls', async () => {
    const { report } = await run({ policies: policyNames(), data, seeds: 1, syscalls: 60, rate: 20 });
    for (const policy of report.policies) {
      expect(policy).toMatchObject({ capViolations: 0, lost: 0, failed: 0, rejected: 0, totals: { calls: 60 } });
    }
    // One seed has no intervals to be noted, and these arrivals are not calibrated.
    expect(report.load.notes).toEqual([]);
    const predicting = report.policies.filter(({ predictedQuality }) => predictedQuality !== null);
    const names = ['eccos', 'per-call', 'per-call-16nn', 'per-call-load', 'subgradient'];
    expect(predicting.map(({ name }) => name)).toEqual(names);
    expect(report.policies.filter(({ alpha }) => alpha !== null).map(({ name }) => name)).toEqual([
      'eccos',
      'subgradient',
    ]);
    const { quality } = report.policies.find(({ name }) => name === 'strongest') ?? {};
    const alone = report.frontier[0]?.points.find(({ name }) => name === 'large');
    expect(alone?.quality?.mean).toBeCloseTo(quality?.mean ?? 0, 12);
  });
});

test('seeds that play every record say so', async () => {
  const { report } = await run({ policies: ['fifo'], data, seeds: 2, syscalls: undefined, rate: 20 });
  expect(report.load.calls).toBe(report.load.records);
  expect(report.load.notes).toEqual([expect.stringContaining(`all ${report.load.records} records`)]);
});

test('records that neighbours are looked for among are refused unless all are asked for', async () => {
  const asked = { policies: ['per-call-16nn'], base: 'per-call-16nn', data, seeds: 1, syscalls: 20, rate: 20 };
  const message = new RegExp(`--data: .*got ${TRAINED} of ${TRAINED} that it was; --all`);
  await expect(run({ ...asked, split: 'train' })).rejects.toThrow(message);
  expect((await run({ ...asked, split: 'all' })).report.load.split).toBe('all');
});

test('records that the shipped predictor was trained on are refused, with their number', async ({ skip }) => {
  const file = sharedData('zeroeval.jsonl.gz');
  if (file === undefined) return skip('no development data');
  const asked = { policies: ['eccos'], base: 'eccos', data: [file], split: 'train' as const };
  const models = ['gpt-4o-mini-2024-07-18', 'claude-3-opus-20240229'];
  await expect(run({ ...asked, models })).rejects.toThrow(/--data: .*got 1\d{3} of 1\d{3} that it was; --all/);
});

describe('a policy that predicts', () => {
  const predicting = { policies: ['eccos', 'per-call'], base: 'eccos', seeds: 2, syscalls: 50, speed: 2 };
  let usual: Outcome;
  beforeAll(async () => {
    usual = await run(predicting);
  });

  test('plays the same load the same way again, byte for byte, with what learns too', async () => {
    const learning = () => run({ ...predicting, learn: true });
    const [once, again] = [await learning(), await learning()];
    expect(JSON.stringify(again.report)).toBe(JSON.stringify(once.report));
    expect(again.calls).toEqual(once.calls);
    expect(once.report.policies).not.toEqual(usual.report.policies);
    expect(JSON.stringify((await run(predicting)).report)).toBe(JSON.stringify(usual.report));
  });

  test('aims at .02 above what is predicted of round-robin, or at the given value', async () => {
    expect(usual.report.load.alphaSource).toBe('round-robin');
    expect(usual.report.policies[0]?.alpha).toBe(usual.report.load.alpha);
    const policies = ['eccos', 'eccos:alpha=0.9'];
    const { report } = await run({ policies, base: 'eccos', seeds: 1, syscalls: 40, speed: 2, alpha: 0.35 });
    expect(report.load).toMatchObject({ alpha: 0.35, alphaSource: 'given' });
    expect(report.policies.map(({ alpha }) => alpha)).toEqual([0.35, 0.9]);
  });

  test('receives an alpha from its own predictor, and nobody opens another one', async () => {
    const own = `eccos:predictor=${shippedPredictor()}`;
    const { report } = await run({ ...predicting, policies: [own], base: own, predictor: join(folder, 'none') });
    expect(report.load.alpha).toBe(usual.report.load.alpha);
  });

  test('spends more for a higher aim, which a sweep shows', async () => {
    const { report } = await run({ policies: ['fifo', 'eccos'], seeds: 2, syscalls: 60, sweep: 3, speed: 2 });
    const points = report.frontier.find(({ router }) => router === 'eccos')?.points ?? [];
    expect(points).toHaveLength(3);
    expect(points[2]?.costUsd?.mean).toBeGreaterThan(points[0]?.costUsd?.mean ?? Number.NaN);
    expect(points[2]?.quality?.mean).toBeGreaterThan(points[0]?.quality?.mean ?? Number.NaN);
    expect(report.frontier.map(({ router }) => router)).toEqual(['single models', 'fifo', 'eccos', 'fluid bound']);
    expect(report.claims.map(({ policy, base }) => [policy, base])).toEqual([['eccos', 'fifo']]);
    // What is swept is not among the policies, nor their calls.
    expect(report.policies.map(({ name }) => name)).toEqual(['fifo', 'eccos']);
  });

  test('is played at each value of a dial, with its cost by that of the bound', async () => {
    const dial = { key: 'gamma', values: ['0', '1'] };
    const { report } = await run({ ...predicting, syscalls: 150, dial });
    const [eccos, ...others] = report.dials;
    expect(others).toEqual([]);
    expect(eccos).toMatchObject({ policy: 'eccos', seeds: 2 });
    expect(eccos?.points.map(({ name }) => name)).toEqual(['eccos', 'eccos:gamma=0', 'eccos:gamma=1']);
    for (const { costOver } of eccos?.points ?? []) expect(costOver?.mean).toBeGreaterThan(0.9);
    const own = report.policies[0];
    expect(eccos?.points[0]).toMatchObject({ costUsd: own?.costUsd, costOver: own?.bound.costOver });
  });

  test('is rated as often as is asked for', async () => {
    const none = await run({ ...predicting, feedback: 0 });
    expect([usual.report.load.feedback, none.report.load.feedback]).toEqual([1, 0]);
    expect(JSON.stringify(usual.report.policies[0])).not.toBe(JSON.stringify(none.report.policies[0]));
    // The per-call rule learns nothing from it while its predictor is frozen.
    expect(JSON.stringify(usual.report.policies[1])).toBe(JSON.stringify(none.report.policies[1]));
  });

  test('says what scheduling took when that is measured', async () => {
    const { report } = await run({ policies: ['fifo', 'eccos'], seeds: 1, syscalls: 30, measure: true, speed: 2 });
    const [fifo, eccos] = report.policies;
    expect(fifo?.decisionMs.p99?.mean).toBeGreaterThan(0);
    expect(eccos?.overheadMsPerCall?.mean).toBeGreaterThan(fifo?.overheadMsPerCall?.mean ?? Number.NaN);
    expect(eccos?.overheadShare?.mean).toBeGreaterThan(0);
  });
});
