import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isOverloaded } from '../../../../agents/lab/compare/metrics.js';
import { compareReport } from '../../../../agents/lab/compare/report.js';
import { QUIET_AGENT } from '../../../../agents/lab/load/flood.js';
import { OutcomeFiles } from '../../../../kernel/outcomes/file.js';
import { run } from './small-comparison.js';

const DATA = new URL('../../../../../shared/data/', import.meta.url);
const ABSENT = '../shared/data is not here';

describe('a comparison', () => {
  test('repeats byte for byte, and another number of seeds is another report', async () => {
    const paced = { speed: 2 };
    const [once, again, more] = [await run(paced), await run(paced), await run({ ...paced, seeds: 3 })];
    expect(JSON.stringify(again.report)).toBe(JSON.stringify(once.report));
    expect(JSON.stringify(more.report.policies)).not.toBe(JSON.stringify(once.report.policies));
  });

  test('keeps to its published schema, with every call ended and no cap broken', async () => {
    const { report } = await run({ policies: ['fifo', 'fifo:order=expensive-first', 'round-robin:timeSliceMs=500'] });
    expect(compareReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report.load).toMatchObject({
      name: 'mixed',
      mode: 'virtual',
      agents: 10,
      calls: 120,
      speedSource: 'calibrated',
    });
    for (const policy of report.policies) {
      expect(policy).toMatchObject({ capViolations: 0, lost: 0, failed: 0, rejected: 0 });
      // Modelled, and next to nothing for policies that predict nothing.
      expect(policy.overheadShare?.mean).toBeGreaterThan(0);
      expect(policy.overheadShare?.mean).toBeLessThan(1e-4);
      expect(policy.totals.calls).toBe(240);
      expect(policy.quality?.mean).toBeCloseTo(policy.totals.score / 240, 12);
    }
    expect(report.paired.map(({ policy, base }) => [policy, base])).toEqual([
      ['fifo:order=expensive-first', 'fifo'],
      ['round-robin:timeSliceMs=500', 'fifo'],
    ]);
  });

  test('gives every policy the same calls at the same times', async () => {
    const { calls } = await run({ load: 'open', seeds: 1, speed: 2 });
    const sent = (policy: string) =>
      (calls.get(`${policy}/1`) ?? []).map(({ agent, prompt, sentAt }) => `${sentAt} ${agent} ${prompt}`).toSorted();
    expect(sent('fifo')).toHaveLength(120);
    expect(sent('round-robin')).toEqual(sent('fifo'));
  });

  test('shows that the order of cores decides what fifo costs', async () => {
    const { report } = await run({
      policies: ['fifo:order=cheap-first', 'fifo:order=expensive-first'],
      base: 'fifo:order=cheap-first',
      speed: 2,
    });
    expect(report.paired[0]?.costShare?.mean).toBeGreaterThan(2);
  });

  test.each([
    { changes: { policies: ['lifo'], base: 'lifo' }, message: /--policies: .*"lifo"/ },
    { changes: { models: ['no-such-core'] }, message: /--models: .*"no-such-core"/ },
    { changes: { caps: '/no/such/file' }, message: /--caps: .*"\/no\/such\/file": .*no such file/ },
    { changes: { caps: import.meta.filename }, message: /--caps: .*\.ts": .* at line \d+/ },
    { changes: { data: ['/no/such.jsonl'] }, message: /--data: .*\/no\/such\.jsonl/ },
    { changes: { policies: ['eccos:alpha=2'] }, message: /--policies: policy eccos\.alpha: .*<=1, got "2"$/ },
    { changes: { policies: ['fifo:alpha=1'] }, message: /--policies: policy fifo: .*"alpha"$/ },
    { changes: { policies: ['eccos:memory=here'] }, message: /--policies: Expected no memory.*"here"/ },
    { changes: { policies: ['per-call-16nn'] }, message: /--policies: .*eccos compare --data/ },
    { changes: { dial: { key: 'nosuch', values: ['1', '2'] } }, message: /--dial: .*got "nosuch=1,2"/ },
    { changes: { policies: ['eccos'], predictor: '/no/predictor' }, message: /\/no\/predictor/ },
    { changes: { policies: ['per-call:encoder=/no/encoder'] }, message: /\/no\/encoder/ },
  ])('refuses $changes with one line', async ({ changes, message }) => {
    await expect(run(changes)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringMatching(message) }),
    );
  });
});

test('a flood: short calls of a quiet agent wait at least 10 times less under round-robin than under fifo', async () => {
  const { calls, report } = await run({ load: 'flood', seeds: 1 });
  const quietMean = (policy: string) => {
    const own = (calls.get(`${policy}/1`) ?? []).filter((call) => call.agent === QUIET_AGENT);
    expect(own).toHaveLength(20);
    return own.reduce((sum, call) => sum + (call.endedAt - call.sentAt), 0) / own.length;
  };
  expect(quietMean('fifo') / quietMean('round-robin')).toBeGreaterThan(10);
  expect(report.load.cores).toMatchObject([{ cap: 4 }]);
  expect(report.policies.every((policy) => policy.lost + policy.rejected === 0)).toBe(true);
});

test('live, over sockets and in real time, answers score and cost what they do in virtual time', async () => {
  // One core, so that no other one can be chosen when timers come a little late.
  const load = { load: 'open', policies: ['fifo'], seeds: 1, syscalls: 30, rate: 50, models: ['tiny'] } as const;
  const [virtual, live] = [await run(load), await run({ ...load, live: true })];
  const [expected, found] = [virtual.report.policies[0], live.report.policies[0]];
  expect(found).toMatchObject({ lost: 0, failed: 0, rejected: 0, capViolations: 0 });
  expect(found?.totals.score).toBe(expected?.totals.score);
  expect(found?.totals.costUsd).toBeCloseTo(expected?.totals.costUsd ?? 0, 12);
  expect(found?.decisionMs.p50).not.toBeNull();
  // A busy machine makes it longer, and nothing makes it shorter.
  const slower = (found?.turnaroundMs.p50?.mean ?? 0) / (expected?.turnaroundMs.p50?.mean ?? 1);
  expect(slower).toBeGreaterThan(0.9);
});

test('scores and costs of a recorded comparison are those of the file', async ({ skip }) => {
  const file = new URL('zeroeval.jsonl.gz', DATA);
  if (!existsSync(file)) skip(ABSENT);
  const models = ['gpt-4o-mini-2024-07-18', 'claude-3-opus-20240229', 'Meta-Llama-3.1-8B-Instruct'];
  const trace = new URL('trace_mooncake_conversation.jsonl.gz', DATA).pathname;
  const { report, calls } = await run({
    data: [file.pathname],
    models,
    trace,
    syscalls: undefined,
    limit: 600,
    seeds: 1,
  });
  const { byPrompt } = await new OutcomeFiles().load([file.pathname]);
  expect(report.load).toMatchObject({ name: 'recorded', calls: 600, capsSource: 'default', split: 'test' });
  expect(report.load.cores.map(({ cap }) => cap)).toEqual([13, 6, 6]);
  for (const { name, totals } of report.policies) {
    let score = 0;
    let costUsd = 0;
    for (const { prompt, answer } of calls.get(`${name}/1`) ?? []) {
      const output = byPrompt.get(prompt)?.outputs.find(({ model }) => model === answer?.core);
      score += output?.score ?? Number.NaN;
      costUsd += output?.cost_usd ?? Number.NaN;
    }
    expect(Math.abs(totals.score / score - 1)).toBeLessThan(1e-9);
    expect(Math.abs(totals.costUsd / costUsd - 1)).toBeLessThan(1e-9);
  }
});

test('other arrivals and loads are played beside the main ones, in proportion to its speed', async () => {
  const asked = { policies: ['fifo', 'cheapest'], seeds: 1, syscalls: 60, speed: 2 } as const;
  const { report, calls } = await run({ ...asked, shares: [80, 40, 120], arrivals: [{ load: 'bursts' }] });
  expect(report.conditions.map(({ arrivals, loadPercent, speed }) => [arrivals, loadPercent, speed])).toEqual([
    ...[80, 40, 120].map((percent) => ['mixed', percent, percent / 40]),
    ...[80, 40, 120].map((percent) => ['bursts', percent, percent / 40]),
  ]);
  expect(compareReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  // The main figures are those of a comparison without the others, and the only ones with calls.
  const alone = await run(asked);
  expect(alone.report.conditions).toEqual([]);
  expect(report.policies).toEqual(alone.report.policies);
  expect(report.conditions[0]?.policies).toEqual(report.policies);
  expect(calls).toEqual(alone.calls);
});

test('what waits without bound for one core is not stable, at any speed that fills it', async () => {
  const { report } = await run({ policies: ['fifo', 'cheapest'], seeds: 1, load: 'open', syscalls: 300, speed: 1 });
  const [fifo, cheapest] = report.policies.map(({ backlog }) => backlog?.mean ?? Number.NaN);
  expect(isOverloaded(fifo ?? null)).toBe(false);
  expect(isOverloaded(cheapest ?? null)).toBe(true);
});
