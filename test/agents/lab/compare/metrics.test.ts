import { expect, test } from 'vitest';
import type { AnswerFacts, CallRecord } from '../../../../agents/lab/compare/call-record.js';
import { countEnds, measure, type Trial } from '../../../../agents/lab/compare/metrics.js';
import { pairedReportOf, policyReportOf, summarise } from '../../../../agents/lab/compare/summary.js';

/** An answered call that waited `wait` and ran `service` milliseconds. */
function answered(
  agent: number,
  at: number,
  wait: number,
  service: number,
  more: Partial<CallRecord> = {},
): CallRecord {
  const answer: AnswerFacts = {
    core: 'a',
    inputTokens: 10,
    outputTokens: 20,
    reprefillTokens: 0,
    accepted: at,
    started: at + wait,
    firstToken: at + wait + 5,
    ended: at + wait + service,
    serviceMs: service,
  };
  return {
    agent,
    run: at,
    promptId: 'p',
    prompt: '?',
    end: 'done',
    score: 1,
    costUsd: 0.5,
    sentAt: at,
    endedAt: answer.ended,
    answer,
    ...more,
  };
}

const refused: CallRecord = {
  ...answered(0, 3000, 0, 0),
  end: 'rejected',
  score: 0,
  costUsd: 0,
  answer: undefined,
};

const trial = (planned: number, calls: readonly CallRecord[], more: Partial<Trial> = {}): Trial => ({
  planned,
  calls,
  caps: new Map([['a', 2]]),
  capViolations: 0,
  fallbacks: 0,
  faults: [],
  invalidAssignments: 0,
  alpha: null,
  predictedQuality: null,
  overhead: null,
  ...more,
});

test('times, cost and quality are those of the calls', () => {
  const calls = [answered(0, 0, 0, 100), answered(0, 1000, 100, 100, { score: 0 }), answered(1, 1900, 0, 100)];
  const metrics = measure(trial(3, calls));
  expect(metrics.quality).toBeCloseTo(2 / 3);
  expect(metrics.costUsd).toBeCloseTo(1.5);
  expect(metrics.costPerCorrect).toBeCloseTo(0.75);
  expect(metrics.waitingMs).toEqual({ p50: 0, p90: 80, p99: 98 });
  expect(metrics.turnaroundMs.p50).toBe(100);
  expect(metrics.ttftMs.p50).toBe(5);
  expect(metrics.makespanS).toBe(2);
  expect(metrics.throughputPerS).toBe(1.5);
  // Mean slowdowns: agent 0 has (1 + 2) / 2, agent 1 has 1.
  expect(metrics.jain).toBeCloseTo(2.5 ** 2 / (2 * (1.5 ** 2 + 1)));
});

test('a call without an answer scores 0, and one that never ended is lost', () => {
  const unfinished = trial(4, [answered(0, 0, 0, 100), refused]);
  expect(measure(unfinished).quality).toBe(0.25);
  expect(countEnds(unfinished)).toEqual({ lost: 2, failed: 0, expired: 0, cancelled: 0, rejected: 1 });
});

test('nothing answered leaves figures without a value', () => {
  const metrics = measure(trial(1, [refused]));
  expect(metrics.costPerCorrect).toBeNull();
  expect(metrics.jain).toBeNull();
  expect(metrics.waitingMs).toEqual({ p50: null, p90: null, p99: null });
});

test('differences are paired seed by seed: noise that both share cancels', () => {
  const seeds = [1, 5, 20].map((wait) => ({
    base: summarise(trial(1, [answered(0, 0, wait * 100, 100, { costUsd: wait })])),
    other: summarise(trial(1, [answered(0, 0, wait * 100, 100, { costUsd: wait / 2 })])),
  }));
  const paired = pairedReportOf(['other', seeds.map(({ other }) => other)], ['base', seeds.map(({ base }) => base)]);
  expect(paired.costShare).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  expect(paired.qualityPoints).toEqual({ mean: 0, low: 0, high: 0 });
  const own = policyReportOf(
    'base',
    seeds.map(({ base }) => base),
  );
  expect((own.costUsd?.high ?? 0) - (own.costUsd?.low ?? 0)).toBeGreaterThan(10);
  expect(own.totals).toEqual({ calls: 3, score: 3, costUsd: 26 });
});
