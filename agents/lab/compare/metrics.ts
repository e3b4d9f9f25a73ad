import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import { jainOf, meanOf, quantilesOf, sumOf } from '../metrics/statistics.js';
import type { CallEnd, CallRecord } from './call-record.js';
import type { PolicyFault } from './policy-faults.js';
import type { OverheadFigures } from './timings.js';

/** Everything that one run of one policy on one seed left behind. */
export interface Trial {
  /** Calls of the load, whether they ended or not. */
  readonly planned: number;
  readonly calls: readonly CallRecord[];
  /** Slots of each core. */
  readonly caps: ReadonlyMap<CoreId, number>;
  /** As seen by the witness. */
  readonly capViolations: number;
  /** As the kernel counts them: how often it went on by itself because the policy threw, all that it threw, and assignments that were dropped. */
  readonly fallbacks: number;
  readonly faults: readonly PolicyFault[];
  readonly invalidAssignments: number;
  /** Mean quality that the policy aimed at; null: it has no such aim. */
  readonly alpha: number | null;
  /** Mean quality that the policy expected; null: it says nothing. */
  readonly predictedQuality: number | null;
  /** Null: nothing but the cores took time. */
  readonly overhead: OverheadFigures | null;
}

/** Percentiles; null of nothing. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

/** Figures of one trial. Null where there is nothing to measure. */
export interface TrialMetrics {
  readonly quality: number;
  readonly predictedQuality: number | null;
  readonly worstWindow: number | null;
  readonly costUsd: number;
  readonly costPerCorrect: number | null;
  readonly meanTurnaroundMs: number | null;
  readonly throughputPerS: number | null;
  readonly makespanS: number | null;
  readonly jain: number | null;
  readonly backlog: number | null;
  readonly reprefillTokens: number;
  readonly waitingMs: Percentiles;
  readonly turnaroundMs: Percentiles;
  readonly ttftMs: Percentiles;
  readonly runTurnaroundMs: Percentiles;
}

/** How many calls of a trial ended in which way other than `done`; `lost` = those that never ended. */
export type TrialCounts = Readonly<Record<'lost' | Exclude<CallEnd, 'done'>, number>>;

export function measure({ planned, calls, caps, alpha, predictedQuality }: Trial): TrialMetrics {
  const answers = calls.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const costUsd = sumOf(calls.map((call) => call.costUsd));
  const correct = sumOf(calls.map((call) => call.score));
  const turnaround = answers.map((answer) => answer.ended - answer.accepted);
  const spanMs = spanOf(calls);
  return {
    quality: correct / planned,
    predictedQuality,
    worstWindow: alpha === null ? null : worstWindowOf(calls, alpha),
    costUsd,
    costPerCorrect: correct > 0 ? costUsd / correct : null,
    meanTurnaroundMs: answers.length > 0 ? meanOf(turnaround) : null,
    throughputPerS: spanMs > 0 ? (1000 * answers.length) / spanMs : null,
    makespanS: calls.length > 0 ? spanMs / 1000 : null,
    jain: jainOf(slowdowns(calls)),
    backlog: backlogOf(calls, caps),
    reprefillTokens: sumOf(answers.map((answer) => answer.reprefillTokens)),
    waitingMs: percentilesOf(answers.map((answer) => answer.started - answer.accepted)),
    turnaroundMs: percentilesOf(turnaround),
    ttftMs: percentilesOf(
      answers.flatMap((answer) => (answer.firstToken === undefined ? [] : [answer.firstToken - answer.started])),
    ),
    runTurnaroundMs: percentilesOf(runTimes(calls)),
  };
}

export function countEnds({ planned, calls }: Trial): TrialCounts {
  const of = (end: CallEnd) => calls.filter((call) => call.end === end).length;
  return {
    lost: planned - calls.length,
    failed: of('failed'),
    expired: of('expired'),
    cancelled: of('cancelled'),
    rejected: of('rejected'),
  };
}

/** Calls of one window, over which alpha is to be reached. */
const WINDOW = 1000;

/** Points that the worst of the whole windows, in order of completion, lies above alpha; null with fewer calls. */
function worstWindowOf(calls: readonly CallRecord[], alpha: number): number | null {
  const windows = Array.from({ length: Math.floor(calls.length / WINDOW) }, (_, i) =>
    meanOf(calls.slice(i * WINDOW, (i + 1) * WINDOW).map(({ score }) => score)),
  );
  return windows.length === 0 ? null : 100 * (Math.min(...windows) - alpha);
}

/** From the first call sent to the last one ended. */
function spanOf(calls: readonly CallRecord[]): Millis {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { sentAt, endedAt } of calls) {
    first = Math.min(first, sentAt);
    last = Math.max(last, endedAt);
  }
  return calls.length === 0 ? 0 : last - first;
}

/** Runs of several calls go on long after the last one has begun: this share of all calls counts as arrivals. */
const ARRIVED = 0.95;

/** Time in which the calls of a load arrived: until the last one, or where calls wait for each other, until 95 % were sent. */
export function arrivalMs(calls: readonly CallRecord[]): Millis {
  const sent = calls.map(({ sentAt }) => sentAt);
  const isOpen = new Set(calls.map(({ run }) => run)).size === calls.length;
  const [first = null, last = null] = quantilesOf(sent, [0, isOpen ? 1 : ARRIVED]);
  return (last ?? 0) - (first ?? 0);
}

/** A policy with a larger mean backlog is not stable: it cannot go on like that. */
const OVERLOADED = 0.1;

export function isOverloaded(backlog: number | null): boolean {
  return backlog !== null && backlog > OVERLOADED;
}

/**
 * Work that waits when the last run begins, as a share of what the slots of its core could do up to then; of the core with
 * most. Null: all runs begin at once.
 */
function backlogOf(calls: readonly CallRecord[], caps: ReadonlyMap<CoreId, number>): number | null {
  const begun = new Map<number, Millis>();
  for (const { run, sentAt } of calls) begun.set(run, Math.min(begun.get(run) ?? sentAt, sentAt));
  const [first = null, last = null] = quantilesOf([...begun.values()], [0, 1]);
  if (first === null || last === null || first === last) return null;
  const work = new Map<CoreId, Millis>();
  for (const { answer } of calls) {
    if (answer === undefined || answer.accepted > last || answer.started <= last) continue;
    work.set(answer.core, (work.get(answer.core) ?? 0) + answer.serviceMs);
  }
  return Math.max(0, ...[...work].map(([core, ms]) => ms / ((caps.get(core) ?? 0) * (last - first))));
}

/** Mean slowdown of each agent that got an answer: turnaround as a multiple of the time on the core. */
function slowdowns(calls: readonly CallRecord[]): number[] {
  const byAgent = new Map<number, number[]>();
  for (const { agent, answer } of calls) {
    if (answer === undefined || answer.serviceMs <= 0) continue;
    const own = byAgent.get(agent) ?? [];
    own.push((answer.ended - answer.accepted) / answer.serviceMs);
    byAgent.set(agent, own);
  }
  return [...byAgent.values()].map(meanOf);
}

/** From the first call of a run to the end of its last one, think times included. */
function runTimes(calls: readonly CallRecord[]): Millis[] {
  const runs = new Map<number, CallRecord[]>();
  for (const call of calls) {
    const own = runs.get(call.run);
    if (own === undefined) runs.set(call.run, [call]);
    else own.push(call);
  }
  return [...runs.values()].map(spanOf);
}

function percentilesOf(values: readonly number[]): Percentiles {
  const [p50 = null, p90 = null, p99 = null] = quantilesOf(values, [0.5, 0.9, 0.99]);
  return { p50, p90, p99 };
}
