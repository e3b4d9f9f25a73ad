import type { CoreId } from '../../../syscalls/syscall.js';
import { pricesOf, type SweepRange } from './aim.js';
import type { CallRecord } from './call-record.js';
import type { Contender } from './contender.js';
import type { SeedPoint } from './frontier.js';
import type { Match, MatchRules } from './match.js';
import { RecordNumbers, type SeedCalls, seedCallsOf } from './record-draws.js';
import type { SeedBounds } from './seed-bounds.js';
import { summarise, type TrialSummary } from './summary.js';

/** What is played on every seed. Plain data, but for contenders that are modules. */
export interface SeedPlan {
  /** 1, 2, 3 ... */
  readonly seeds: number;
  readonly rules: MatchRules;
  readonly range: SweepRange;
  /** Each contender, and it at other aims. */
  readonly sweeps: ReadonlyMap<Contender, readonly Contender[]>;
  /** Contenders at values of a dial, which are played on the first so many seeds. */
  readonly dialled: readonly Contender[];
  readonly dialSeeds: number;
  /** Whether each call of the contenders is asked for. */
  readonly calls: boolean;
}

/** What is kept of one contender on one seed. */
export interface PlayedTrial {
  readonly summary: TrialSummary;
  readonly calls: SeedCalls;
  /** Each call, where it is asked for. */
  readonly records?: readonly CallRecord[];
}

/** What one seed has come to, as plain data: seeds may be played in any order and in other threads. */
export interface SeedResult {
  readonly seed: number;
  /** Prompts of the calls, by the numbers that they have here. */
  readonly prompts: readonly string[];
  readonly singles: ReadonlyMap<CoreId, SeedPoint>;
  /** In the order of `playedOn`. */
  readonly trials: readonly PlayedTrial[];
  /** Undefined: no contender predicts. */
  readonly bounds: ReturnType<SeedBounds['figures']> | undefined;
}

/** Contenders, then values of the dial, then other aims. */
export function playedOn({ sweeps, dialled, dialSeeds }: SeedPlan, seed: number): readonly Contender[] {
  return [...ownOn({ sweeps, dialled, dialSeeds }, seed), ...[...sweeps.values()].flat()];
}

/** Those whose bounds are asked for. */
function ownOn({ sweeps, dialled, dialSeeds }: Pick<SeedPlan, 'sweeps' | 'dialled' | 'dialSeeds'>, seed: number) {
  return new Set([...sweeps.keys(), ...(seed <= dialSeeds ? dialled : [])]);
}

/** Plays one seed. @param onCall runs as each call ends; what it throws ends the play */
export async function playSeed(match: Match, plan: SeedPlan, seed: number, onCall: () => void): Promise<SeedResult> {
  const numbers = new RecordNumbers();
  const singles = await match.singles(seed, numbers);
  const bounds = await match.bounds(seed);
  const own = ownOn(plan, seed);
  const trials: PlayedTrial[] = [];
  for (const contender of playedOn(plan, seed)) {
    const trial = await match.play(contender, seed, plan.rules, onCall);
    const { calls: records } = trial;
    bounds?.add(own.has(contender) ? contender.name : undefined, records);
    trials.push({
      summary: summarise(trial),
      calls: seedCallsOf(records, numbers),
      ...(plan.calls && plan.sweeps.has(contender) ? { records } : {}),
    });
  }
  return { seed, prompts: numbers.prompts, singles, trials, bounds: bounds?.figures(pricesOf(plan.range)) };
}
