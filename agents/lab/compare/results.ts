import type { CoreId } from '../../../syscalls/syscall.js';
import { SeedResamples } from '../metrics/resamples.js';
import type { Contender } from './contender.js';
import { claimsOf, FLUID_BOUND, frontiersOf, type Router, type SeedPoint, type Setting } from './frontier.js';
import type { Trial } from './metrics.js';
import type { RecordNumbers, SeedCalls } from './record-draws.js';
import type { CompareReport, DialReport } from './report.js';
import type { BoundFigures, SeedBounds } from './seed-bounds.js';
import { pairedReportOf, policyReportOf, summarise, type TrialSummary } from './summary.js';

/** Everything that is kept of a comparison's trials, seed by seed, and what it comes to. */
export class Results {
  readonly #sweeps: ReadonlyMap<Contender, readonly Contender[]>;
  readonly #dials: ReadonlyMap<Contender, readonly Contender[]>;
  readonly #trials = new Map<Contender, TrialSummary[]>();
  /** Of all that is swept, or compared with it. */
  readonly #calls = new Map<Contender, SeedCalls[]>();
  readonly #records: RecordNumbers;
  readonly #singles = new Map<CoreId, SeedPoint[]>();
  /** By policy, and by the place of the price: one a seed. */
  readonly #bounds = new Map<string, BoundFigures[]>();
  readonly #boundCurve: (SeedPoint | null)[][] = [];

  /** @param sweeps each contender, and it at other aims @param dials each contender, and it at values of a dial */
  constructor(
    sweeps: ReadonlyMap<Contender, readonly Contender[]>,
    dials: ReadonlyMap<Contender, readonly Contender[]>,
    records: RecordNumbers,
  ) {
    this.#records = records;
    this.#sweeps = sweeps;
    this.#dials = dials;
  }

  add(contender: Contender, trial: Trial): void {
    const trials = this.#trialsOf(contender);
    trials.push(summarise(trial));
    this.#trials.set(contender, trials);
    this.#calls.set(contender, [...(this.#calls.get(contender) ?? []), this.#callsOf(trial)]);
  }

  /** What each core makes of one more seed by itself. */
  addSingles(points: ReadonlyMap<CoreId, SeedPoint>): void {
    for (const [core, point] of points) this.#singles.set(core, [...(this.#singles.get(core) ?? []), point]);
  }

  /** What the calls of one more seed could have come to, when all have played it. */
  addBounds({ curve, policies }: ReturnType<SeedBounds['figures']>): void {
    for (const [i, point] of curve.entries()) this.#boundCurve[i] = [...(this.#boundCurve[i] ?? []), point];
    for (const [name, figures] of policies) this.#bounds.set(name, [...(this.#bounds.get(name) ?? []), figures]);
  }

  /** @param base name of the contender that the others are compared with */
  report(base: string): Pick<CompareReport, 'policies' | 'paired' | 'frontier' | 'claims' | 'dials'> {
    const contenders = [...this.#sweeps.keys()];
    const own = contenders.map((contender) => [contender.name, this.#trialsOf(contender)] as const);
    const baseTrials = own.find(([name]) => name === base)?.[1] ?? [];
    const resamples = new SeedResamples(baseTrials.length);
    const routers = [...this.#sweeps].map(
      ([contender, sweep]): Router => ({
        name: contender.name,
        own: this.#settingOf(contender),
        sweep: sweep.map((setting) => this.#settingOf(setting)),
      }),
    );
    const bound = this.#boundSettings();
    const singles = [...this.#singles].map(([name, seeds]): Setting => ({ name, seeds }));
    return {
      policies: own.map(([name, trials]) => policyReportOf(name, trials, this.#bounds.get(name) ?? [])),
      paired: own.filter(([name]) => name !== base).map((other) => pairedReportOf(other, [base, baseTrials])),
      frontier: frontiersOf([...routers, ...bound], singles, resamples),
      claims: claimsOf(routers, resamples),
      dials: [...this.#dials].flatMap(([contender, values]) => this.#dialOf(contender, values)),
    };
  }

  /** None where the policy has no such parameter. */
  #dialOf(contender: Contender, values: readonly Contender[]): DialReport[] {
    const [first] = values;
    if (first === undefined) return [];
    const seeds = this.#trialsOf(first).length;
    const points = [contender, ...values].map((one) => {
      const bounds = this.#bounds.get(one.name) ?? [];
      const report = policyReportOf(one.name, this.#trialsOf(one).slice(0, seeds), bounds.slice(0, seeds));
      const { name, quality, costUsd, meanTurnaroundMs, bound } = report;
      return { name, quality, costUsd, meanTurnaroundMs, costOver: bound.costOver };
    });
    return [{ policy: contender.name, seeds, points }];
  }

  /** None where nothing is known of it. Prices at which some seed does not fit are left out. */
  #boundSettings(): Router[] {
    const sweep = this.#boundCurve.flatMap((points, i): Setting[] => {
      const seeds = points.filter((point) => point !== null);
      return seeds.length < points.length ? [] : [{ name: `${FLUID_BOUND} ${i + 1}`, seeds }];
    });
    const [own] = sweep;
    return own === undefined ? [] : [{ name: FLUID_BOUND, own, sweep }];
  }

  #callsOf({ calls }: Trial): SeedCalls {
    return {
      record: Int32Array.from(calls, ({ prompt }) => this.#records.of(prompt)),
      score: Float64Array.from(calls, ({ score }) => score),
      costUsd: Float64Array.from(calls, ({ costUsd }) => costUsd),
      turnaroundMs: Float64Array.from(calls, ({ answer }) => (answer ? answer.ended - answer.accepted : Number.NaN)),
    };
  }

  #trialsOf(contender: Contender): TrialSummary[] {
    return this.#trials.get(contender) ?? [];
  }

  #settingOf(contender: Contender): Setting {
    const calls = this.#calls.get(contender) ?? [];
    const seeds = this.#trialsOf(contender).map(({ metrics }, i) => ({
      ...metrics,
      ...(calls[i] && { calls: calls[i] }),
    }));
    return { name: contender.name, seeds };
  }
}
