import { SyscallError } from '../../../syscalls/errors.js';
import { show } from '../../../syscalls/protocol.js';
import { callsOf, type Load } from '../load/load.js';
import { aimOf, dialOf, rangeOf, type SweepRange, sweepOf } from './aim.js';
import { alphaAbove } from './alpha.js';
import { BUSY_SHARE, type Calibration, calibrate } from './calibrate.js';
import type { Contender } from './contender.js';
import { Match, type MatchRules } from './match.js';
import { type CompareOptions, DEFAULT_DIAL } from './options.js';
import { playSeeds, type SeedWatcher } from './play-seeds.js';
import { RecordNumbers } from './record-draws.js';
import type { CompareReport, ConditionReport, LoadReport } from './report.js';
import { Results } from './results.js';
import type { SeedPlan } from './seed-play.js';

/** Receives the progress of a comparison. */
export interface CompareWatcher extends SeedWatcher {
  /** The load is known: so many calls will be made. */
  onStart(load: LoadReport, totalCalls: number): void;
}

/**
 * Plays the same seeded load against every policy and reports what each made of it; then the same at other arrivals and loads,
 * where these are asked for.
 *
 * @throws SyscallError `invalid-config` for options that do not fit together, or bad files
 */
export async function compare(options: CompareOptions, watcher: CompareWatcher): Promise<CompareReport> {
  const { arrivals, shares } = options;
  const [share = USUAL_SHARE, ...others] = shares;
  const first = await withMatch(options, (match) => mainReport(match, options, share, watcher, arrivals.length + 1));
  const conditions: ConditionReport[] = [...first.conditions];
  for (const arrival of arrivals) {
    const own = { ...options, ...arrival };
    conditions.push(...(await withMatch(own, (match) => conditionsOf(match, own, [share, ...others], watcher))));
  }
  return { ...first, conditions: conditions.length > 1 ? conditions : [] };
}

async function withMatch<T>(options: CompareOptions, use: (match: Match) => Promise<T>): Promise<T> {
  const match = await Match.open(options);
  try {
    return await use(match);
  } finally {
    await match.close();
  }
}

/** @param patterns of arrivals that are played at each load, for the length of the whole comparison */
async function mainReport(
  match: Match,
  options: CompareOptions,
  share: number,
  watcher: CompareWatcher,
  patterns: number,
): Promise<CompareReport> {
  const { contenders } = match;
  const plan = await planOf(match, options);
  const rules = rulesAt(plan, share);
  const about = { ...loadReportOf(match, options, plan.first), ...plan.pace, ...rules, alphaSource: plan.alphaSource };
  const load = { ...about, notes: notesOf(about, plan.seeds) };
  const dials = new Map(contenders.map((contender) => [contender, dialOf(contender, options.dial)]));
  const dialled = [...dials.values()].flat();
  expectDialled(options, dialled);
  const dialSeeds = options.sweep > 0 ? plan.seeds : Math.min(plan.seeds, DIAL_SEEDS);
  const sweeps = await sweepsOf(match, options, plan, rules);
  const seedPlan = seedPlanOf(plan, rules, { sweeps, dialled, dialSeeds, calls: watcher.onTrial !== undefined });
  const settings = [...sweeps.values()].flat();
  const usual = (contenders.length + settings.length) * plan.seeds;
  const conditions = patterns * Math.max(1, options.shares.length);
  watcher.onStart(load, (conditions * usual + dialled.length * dialSeeds) * load.calls);

  const results = new Results(seedPlan, dials);
  await playSeeds(match, options, seedPlan, load.calls, results, watcher);
  const { command, base, shares } = options;
  const seeds = Array.from({ length: plan.seeds }, (_, i) => i + 1);
  const report = { command, seeds, load, ...results.report(base) };
  const { policies, claims } = report;
  const main = { ...conditionOf(match, share, rules), policies, claims };
  return { ...report, conditions: [main, ...(await othersOf(match, options, plan, shares.slice(1), watcher))] };
}

/** The same policies on these arrivals, at each load. @param shares percentages of what keeps the cores 80 % busy, by 80 */
async function conditionsOf(match: Match, options: CompareOptions, shares: readonly number[], watcher: CompareWatcher) {
  return othersOf(match, options, await planOf(match, options), shares, watcher);
}

async function othersOf(
  match: Match,
  options: CompareOptions,
  plan: Plan,
  shares: readonly number[],
  watcher: CompareWatcher,
): Promise<ConditionReport[]> {
  const reports: ConditionReport[] = [];
  for (const share of shares) {
    const rules = rulesAt(plan, share);
    const sweeps = await sweepsOf(match, options, plan, rules);
    const seedPlan = seedPlanOf(plan, rules, { sweeps, dialled: [], dialSeeds: 0, calls: false });
    const results = new Results(seedPlan, new Map());
    await playSeeds(match, options, seedPlan, callsOf(plan.first), results, { onCall: () => watcher.onCall() });
    const { policies, claims } = results.report(options.base);
    reports.push({ ...conditionOf(match, share, rules), policies, claims });
  }
  return reports;
}

function conditionOf({ source: { about } }: Match, share: number, { speed }: MatchRules) {
  return { arrivals: about.trace ?? about.name, loadPercent: share, speed };
}

/** What all loads of one pattern of arrivals share. */
interface Plan extends Pick<SeedPlan, 'seeds' | 'range'> {
  /** Of the first seed, at speed 1. */
  readonly first: Load;
  readonly pace: Pace;
  readonly alpha: number | null;
  readonly alphaSource: LoadReport['alphaSource'];
}

async function planOf(match: Match, options: CompareOptions): Promise<Plan> {
  const first = match.load(1, 1);
  const pace = await paceOf(match, options, first);
  const range = rangeOf(await match.singles(1, new RecordNumbers()), callsOf(first));
  return { seeds: options.seeds, first, pace, ...(await targetOf(match, options, pace.speed)), range };
}

/** Each contender, and it at other aims. */
async function sweepsOf(match: Match, { sweep }: CompareOptions, { range }: Plan, rules: MatchRules) {
  const sweeps = new Map<Contender, readonly Contender[]>();
  for (const contender of match.contenders) {
    sweeps.set(contender, await sweptOver(match, contender, sweepOf(contender, sweep, range), range, rules));
  }
  return sweeps;
}

/** The preset one is for policies that take it; one that is asked for must be taken by some. */
function expectDialled({ dial }: CompareOptions, dialled: readonly Contender[]): void {
  if (dialled.length > 0 || dial.values.length === 0 || dial === DEFAULT_DIAL) return;
  const got = `${dial.key}=${dial.values.join(',')}`;
  const rule = 'Expected key=value,value of a parameter that one of the policies takes, and does not set itself';
  throw new SyscallError('invalid-config', `--dial: ${rule}, got ${show(got)}`);
}

/**
 * A contender at several mean qualities, evenly over those that it reaches at the lowest and the highest aim: below and above them it does the
 * same at every aim. Of other sweeps, and where there is nothing between, the sweep as it is.
 */
async function sweptOver(
  match: Match,
  contender: Contender,
  sweep: readonly Contender[],
  range: SweepRange,
  rules: MatchRules,
): Promise<readonly Contender[]> {
  const [lowest, highest] = [sweep[0], sweep.at(-1)];
  if (lowest === undefined || highest === undefined || sweep.length < 3 || aimOf(contender.policy) !== 'alpha')
    return sweep;
  const within = { low: await match.reached(lowest, rules), high: await match.reached(highest, rules) };
  return within.low < within.high ? sweepOf(contender, sweep.length, range, within) : sweep;
}

/** The load at which a comparison is made unless another one is asked for, percent. */
const USUAL_SHARE = 100 * BUSY_SHARE;

/** @param share 80: as fast as the plan says; 40: half as fast */
function rulesAt({ pace, alpha }: Plan, share: number): MatchRules {
  return { speed: Number((pace.speed * (share / USUAL_SHARE)).toPrecision(4)), alpha };
}

function seedPlanOf(
  { seeds, range }: Plan,
  rules: MatchRules,
  more: Pick<SeedPlan, 'sweeps' | 'dialled' | 'dialSeeds' | 'calls'>,
): SeedPlan {
  return { seeds, range, rules, ...more };
}

/** Seeds on which a dial is played where nothing is swept: most of the time of a comparison goes into such settings. */
const DIAL_SEEDS = 2;

type Pace = Pick<LoadReport, 'speed' | 'speedSource' | 'busyShare'>;

async function paceOf(match: Match, { speed, rate }: CompareOptions, load: Load): Promise<Pace> {
  const { pace, cores } = match.source;
  if (pace === 'agents') return { speed: 1, speedSource: 'agents set the pace', busyShare: null };
  if (speed !== undefined || rate !== undefined) return { speed: speed ?? 1, speedSource: 'given', busyShare: null };
  const slots = cores.reduce((sum, core) => sum + core.cap, 0);
  const calibration: Calibration = await calibrate(load, slots, (sped) => match.roundRobinBusyMs(sped));
  return { ...calibration, speedSource: 'calibrated' };
}

type Target = Pick<LoadReport, 'alpha' | 'alphaSource'>;

async function targetOf(match: Match, { alpha }: CompareOptions, speed: number): Promise<Target> {
  if (!match.wantsAlpha) return { alpha: null, alphaSource: null };
  if (alpha !== undefined) return { alpha, alphaSource: 'given' };
  return { alpha: alphaAbove(await match.roundRobinQuality(speed)), alphaSource: 'round-robin' };
}

function loadReportOf(
  { source: { about, cores } }: Match,
  { live, feedback, learn, predictor }: CompareOptions,
  load: Load,
): Omit<LoadReport, keyof (Pace & Target) | 'notes'> {
  return {
    ...about,
    mode: live ? 'live' : 'virtual',
    agents: load.agents,
    calls: callsOf(load),
    feedback,
    learn: learn ?? false,
    predictor: predictor ?? null,
    cores: cores.map(({ id, cap, price }) => ({ id, cap, ...price })),
  };
}

/** A calibration that misses by more has not made the load that figures of this comparison are usually read for. */
const FAR = 0.05;

/** What a reader of the figures must know of the load, a sentence a piece. */
export function notesOf(
  { busyShare, records, calls }: Pick<LoadReport, 'busyShare' | 'records' | 'calls'>,
  seeds: number,
): string[] {
  const notes: string[] = [];
  if (busyShare !== null && Math.abs(busyShare - BUSY_SHARE) > FAR) {
    const remedy = busyShare < BUSY_SHARE ? '; more calls or lower caps may' : '';
    notes.push(
      `the cores are ${percent(busyShare)} busy under round-robin, not ${percent(BUSY_SHARE)}: of the speeds tried none came nearer${remedy}`,
    );
  }
  if (records !== null && calls >= records && seeds > 1) {
    notes.push(
      `every seed plays all ${records} records, so the intervals of each policy by itself show only the order of calls and arrivals; those at equal quality and cost are over records too`,
    );
  }
  return notes;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
