import { defaultConfig, type KernelConfig } from '../../kernel/boot.js';
import { callsOf, type Load, speedUp } from '../load/load.js';
import { Random } from '../load/random.js';
import { type Calibration, calibrate } from './calibrate.js';
import type { CallRecord } from './call-record.js';
import { type Contender, inOrder, parseContender } from './contender.js';
import type { CompareOptions } from './options.js';
import { recordedSource } from './recorded-source.js';
import type { CompareReport, LoadReport } from './report.js';
import type { Source } from './source.js';
import { liveStage, type Stage, virtualStage } from './stages.js';
import { pairedReportOf, policyReportOf, summarise, type TrialSummary } from './summary.js';
import { syntheticSource } from './synthetic-source.js';
import { runTrial, type TrialResult } from './trial.js';

/** Those who want to know how a comparison gets on. */
export interface CompareWatcher {
  /** The load is known: so many calls will be made. */
  onStart(load: LoadReport, totalCalls: number): void;
  /** One more call has ended. */
  onCall(): void;
  /** One policy has played one seed. */
  onTrial(policy: string, seed: number, calls: readonly CallRecord[]): Promise<void>;
}

const CALIBRATOR: Contender = { name: 'round-robin', policy: 'round-robin', coreOrder: 'given' };

/**
 * Plays the same seeded load against every policy and reports what each made of it.
 *
 * @throws SyscallError `invalid-config` for options that do not fit together, or bad files
 */
export async function compare(options: CompareOptions, watcher: CompareWatcher): Promise<CompareReport> {
  const contenders = options.policies.map(parseContender);
  const config = defaultConfig();
  const source = await (options.data.length > 0 ? recordedSource(options) : syntheticSource(options, config.cores));
  const seeds = Array.from({ length: options.seeds }, (_, i) => i + 1);
  const trial = (contender: Contender, seed: number, load: Load, stage: Stage, onCall: () => void) =>
    runTrial({ config: configOf(config, source, contender, seed), deps: source.deps, load, onCall }, stage);

  const first = source.draw(new Random(1));
  const calibrated = await speedOf(options, source, first, async (load) => {
    const { busyMs } = await trial(CALIBRATOR, 1, load, virtualStage(), () => {});
    return busyMs;
  });
  const load = loadReportOf(options, source, first, calibrated);
  watcher.onStart(load, contenders.length * seeds.length * load.calls);

  const trials = new Map<string, TrialSummary[]>(contenders.map(({ name }) => [name, []]));
  for (const seed of seeds) {
    const played = speedUp(source.draw(new Random(seed)), load.speed);
    for (const contender of contenders) {
      const stage = options.live ? liveStage() : virtualStage();
      const result: TrialResult = await trial(contender, seed, played, stage, () => watcher.onCall());
      trials.get(contender.name)?.push(summarise(result));
      await watcher.onTrial(contender.name, seed, result.calls);
    }
  }
  const base = trials.get(options.base) ?? [];
  return {
    command: options.command,
    seeds,
    load,
    policies: [...trials].map(([name, own]) => policyReportOf(name, own)),
    paired: [...trials]
      .filter(([name]) => name !== options.base)
      .map((own) => pairedReportOf(own, [options.base, base])),
  };
}

/** Limits that no load meets: policies are to be compared, not refusals. */
const ENOUGH = 1e9;

function configOf(config: KernelConfig, source: Source, { policy, coreOrder }: Contender, seed: number): KernelConfig {
  return {
    ...config,
    policy,
    seed,
    cores: [...inOrder(source.cores, coreOrder)],
    listen: { ...config.listen, port: 0 },
    log: { level: 'error' },
    limits: {
      ...config.limits,
      maxAgents: ENOUGH,
      socketsPerAddress: ENOUGH,
      pendingPerAgent: ENOUGH,
      pendingTotal: ENOUGH,
      pendingBytes: ENOUGH,
      requestsPerSecond: ENOUGH,
    },
  };
}

type Speed = Pick<LoadReport, 'speed' | 'speedSource' | 'busyShare'>;

async function speedOf(
  { speed, rate }: CompareOptions,
  { pace, cores }: Source,
  load: Load,
  busyMsOf: (load: Load) => Promise<number>,
): Promise<Speed> {
  if (pace === 'agents') return { speed: 1, speedSource: 'agents set the pace', busyShare: null };
  if (speed !== undefined || rate !== undefined) return { speed: speed ?? 1, speedSource: 'given', busyShare: null };
  const slots = cores.reduce((sum, core) => sum + core.cap, 0);
  const calibration: Calibration = await calibrate(load, slots, busyMsOf);
  return { ...calibration, speedSource: 'calibrated' };
}

function loadReportOf({ live }: CompareOptions, { cores, about }: Source, load: Load, speed: Speed): LoadReport {
  return {
    ...about,
    mode: live ? 'live' : 'virtual',
    agents: load.agents,
    calls: callsOf(load),
    ...speed,
    cores: cores.map(({ id, cap, price }) => ({ id, cap, ...price })),
  };
}
