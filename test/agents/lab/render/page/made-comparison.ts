import type { CallRecord } from '../../../../../agents/lab/compare/call-record.js';
import {
  claimsOf,
  frontiersOf,
  type Router,
  type SeedPoint,
  type Setting,
} from '../../../../../agents/lab/compare/frontier.js';
import type { Trial } from '../../../../../agents/lab/compare/metrics.js';
import type { CompareReport } from '../../../../../agents/lab/compare/report.js';
import {
  pairedReportOf,
  policyReportOf,
  summarise,
  type TrialSummary,
} from '../../../../../agents/lab/compare/summary.js';
import { Random } from '../../../../../agents/lab/load/random.js';
import { SeedResamples } from '../../../../../agents/lab/metrics/resamples.js';
import { Activity, type PolicyActivity } from '../../../../../agents/lab/render/page/activity.js';

export interface MadeComparison {
  readonly report: CompareReport;
  readonly activity: ReadonlyMap<string, PolicyActivity>;
}

/** A call with nothing special about it. */
export function madeCall(
  call: Partial<Omit<CallRecord, 'answer'>> & { readonly answer?: Partial<Answer> },
): CallRecord {
  const answer: Answer = {
    core: 'small',
    inputTokens: 10,
    outputTokens: 20,
    reprefillTokens: 0,
    accepted: 0,
    started: 0,
    firstToken: 1,
    ended: 100,
    serviceMs: (call.answer?.ended ?? 100) - (call.answer?.started ?? 0),
    ...call.answer,
  };
  const common = { agent: 0, run: 0, promptId: 'p', prompt: 'text', end: 'done', score: 1, costUsd: 0.01 } as const;
  return { ...common, sentAt: answer.accepted, endedAt: answer.ended, ...call, answer };
}

type Answer = NonNullable<CallRecord['answer']>;

export function unanswered(run: number, sentAt: number): CallRecord {
  return { ...madeCall({ run, sentAt, score: 0, costUsd: 0, end: 'failed' }), endedAt: sentAt + 5, answer: undefined };
}

/** Trials of made-up calls, through the code that reports real ones. The first policy is the base. */
export function madeComparison({
  policies,
  cores,
  seeds = 3,
  calls = 60,
  answered = true,
}: {
  readonly policies: readonly string[];
  readonly cores: readonly string[];
  readonly seeds?: number;
  readonly calls?: number;
  readonly answered?: boolean;
}): MadeComparison {
  const [base] = policies as [string, ...string[]];
  const activity = new Activity(base, cores);
  const trials = new Map<string, TrialSummary[]>(policies.map((policy) => [policy, []]));
  const numbers = Array.from({ length: seeds }, (_, i) => i + 1);
  for (const seed of numbers) {
    for (const [place, policy] of policies.entries()) {
      const trial = madeTrial(new Random(`${place}/${seed}`), cores, calls, place, answered);
      trials.get(policy)?.push(summarise(trial));
      activity.add(policy, seed, trial.calls);
    }
  }
  const own = [...trials];
  const routers = own.map(([name, summaries], place): Router => {
    const points = summaries.map(({ metrics }) => metrics);
    return { name, own: { name, seeds: points }, sweep: place === 1 ? sweepOf(name, points) : [] };
  });
  const resamples = new SeedResamples(seeds);
  const singles = cores.map((name, place) => ({ name, seeds: numbers.map(() => single(place, cores.length)) }));
  const report: CompareReport = {
    command: `eccos compare --policies ${policies.join(',')}`,
    seeds: numbers,
    load: {
      name: 'mixed',
      mode: 'virtual',
      agents: 7,
      calls,
      ratePerS: 10,
      trace: null,
      speed: 2.5,
      speedSource: 'calibrated',
      busyShare: 0.8,
      notes: [],
      feedback: 1,
      learn: false,
      predictor: null,
      alpha: 0.7,
      alphaSource: 'round-robin',
      data: [],
      split: null,
      records: null,
      leftOut: null,
      capsSource: 'config',
      cores: cores.map((id, i) => ({ id, cap: 4, inputPerMTok: 1, outputPerMTok: cores.length - i })),
    },
    policies: own.map(([name, summaries]) => policyReportOf(name, summaries)),
    frontier: frontiersOf(routers, singles, resamples),
    claims: claimsOf(routers, resamples),
    dials: [],
    conditions: [],
    paired: own.slice(1).map((entry) => pairedReportOf(entry, own[0] as (typeof own)[number])),
  };
  return { report, activity: new Map(policies.map((name) => [name, activity.of(name) as PolicyActivity])) };
}

/** A policy a little worse and cheaper, as it is, and a little better and more expensive. */
function sweepOf(name: string, points: readonly SeedPoint[]): Setting[] {
  return [-1, 0, 1].map((step) => ({
    name: `${name}/${step}`,
    seeds: points.map((point) => ({
      ...point,
      quality: point.quality + 0.05 * step,
      costUsd: point.costUsd * 2 ** step,
    })),
  }));
}

function single(place: number, count: number): SeedPoint {
  return { quality: (place + 1) / (count + 1), costUsd: 0.1 * 4 ** place, meanTurnaroundMs: null };
}

function madeTrial(random: Random, cores: readonly string[], calls: number, place: number, answered: boolean): Trial {
  return {
    planned: calls,
    caps: new Map(cores.map((id) => [id, 4])),
    capViolations: 0,
    fallbacks: 0,
    faults: [],
    invalidAssignments: 0,
    alpha: place === 1 ? 0.7 : null,
    predictedQuality: null,
    overhead: null,
    calls: Array.from({ length: calls }, (_, run) => {
      const accepted = run * 100;
      if (!answered) return unanswered(run, accepted);
      const started = accepted + random.int(0, 3000 * (place + 1));
      const ended = started + random.int(200, 5000);
      return madeCall({
        run,
        agent: run % 7,
        score: random.int(0, 9) < 5 + place ? 1 : 0,
        costUsd: random.int(1, 100) / 1e4,
        answer: { core: cores[random.int(0, cores.length - 1)] as string, accepted, started, ended },
      });
    }),
  };
}
