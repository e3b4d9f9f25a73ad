import { callsOf, type Load } from '../load/load.js';
import { dialOf, pricesOf, rangeOf, sweepOf } from './aim.js';
import { alphaAbove } from './alpha.js';
import { BUSY_SHARE, type Calibration, calibrate } from './calibrate.js';
import type { CallRecord } from './call-record.js';
import { Match, type MatchRules } from './match.js';
import type { CompareOptions } from './options.js';
import type { CompareReport, LoadReport } from './report.js';
import { Results } from './results.js';

/** Receives the progress of a comparison. */
export interface CompareWatcher {
  /** The load is known: so many calls will be made. */
  onStart(load: LoadReport, totalCalls: number): void;
  /** One more call has ended. */
  onCall(): void;
  /** One policy has played one seed. */
  onTrial(policy: string, seed: number, calls: readonly CallRecord[]): Promise<void>;
}

/**
 * Plays the same seeded load against every policy and reports what each made of it.
 *
 * @throws SyscallError `invalid-config` for options that do not fit together, or bad files
 */
export async function compare(options: CompareOptions, watcher: CompareWatcher): Promise<CompareReport> {
  const match = await Match.open(options);
  try {
    return await report(match, options, watcher);
  } finally {
    await match.close();
  }
}

async function report(match: Match, options: CompareOptions, watcher: CompareWatcher): Promise<CompareReport> {
  const { contenders } = match;
  const seeds = Array.from({ length: options.seeds }, (_, i) => i + 1);
  const first = match.load(1, 1);
  const pace = await paceOf(match, options, first);
  const target = await targetOf(match, options, pace.speed);
  const rules: MatchRules = { speed: pace.speed, alpha: target.alpha };
  const about = { ...loadReportOf(match, options, first), ...pace, ...target };
  const load = { ...about, notes: notesOf(about, seeds.length) };
  const range = rangeOf(await match.singles(1), load.calls);
  const sweeps = new Map(contenders.map((contender) => [contender, sweepOf(contender, options.sweep, range)]));
  const settings = [...sweeps.values()].flat();
  const dials = new Map(contenders.map((contender) => [contender, dialOf(contender, options.dial)]));
  const dialled = [...dials.values()].flat();
  const dialSeeds = options.sweep > 0 ? seeds : seeds.slice(0, DIAL_SEEDS);
  const plays = (contenders.length + settings.length) * seeds.length + dialled.length * dialSeeds.length;
  watcher.onStart(load, plays * load.calls);

  const results = new Results(sweeps, dials);
  for (const seed of seeds) {
    if (seed < seeds.length) match.expect(seed + 1);
    results.addSingles(await match.singles(seed));
    const bounds = await match.bounds(seed);
    const own = new Set([...contenders, ...(dialSeeds.includes(seed) ? dialled : [])]);
    for (const contender of [...own, ...settings]) {
      const trial = await match.play(contender, seed, rules, () => watcher.onCall());
      results.add(contender, trial);
      bounds?.add(own.has(contender) ? contender.name : undefined, trial.calls);
      if (sweeps.has(contender)) await watcher.onTrial(contender.name, seed, trial.calls);
    }
    if (bounds !== undefined) results.addBounds(bounds.figures(pricesOf(range)));
  }
  return { command: options.command, seeds, load, ...results.report(options.base) };
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
      `every seed plays all ${records} records, so the intervals over seeds show only the order of calls and arrivals; how much depends on these records is in the intervals of --batch --cv`,
    );
  }
  return notes;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
