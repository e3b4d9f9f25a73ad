import type { CoreId } from '../../../syscalls/syscall.js';
import { SeedResamples } from '../metrics/resamples.js';
import type { Contender } from './contender.js';
import { claimsOf, FLUID_BOUND, frontiersOf, type Router, type SeedPoint, type Setting } from './frontier.js';
import { RecordNumbers, type SeedCalls } from './record-draws.js';
import type { CompareReport, DialReport } from './report.js';
import type { BoundFigures } from './seed-bounds.js';
import { playedOn, type SeedPlan, type SeedResult } from './seed-play.js';
import { pairedReportOf, policyReportOf, type TrialSummary } from './summary.js';

/** Everything that is kept of a comparison's trials, seed by seed, and what it comes to. */
export class Results {
  readonly #plan: SeedPlan;
  readonly #dials: ReadonlyMap<Contender, readonly Contender[]>;
  readonly #trials = new Map<Contender, TrialSummary[]>();
  /** Of all that is swept, or compared with it. */
  readonly #calls = new Map<Contender, SeedCalls[]>();
  readonly #records = new RecordNumbers();
  #seeds = 0;
  readonly #singles = new Map<CoreId, SeedPoint[]>();
  /** By policy, and by the place of the price: one a seed. */
  readonly #bounds = new Map<string, BoundFigures[]>();
  readonly #boundCurve: (SeedPoint | null)[][] = [];

  /** @param dials each contender, and it at values of a dial */
  constructor(plan: SeedPlan, dials: ReadonlyMap<Contender, readonly Contender[]>) {
    this.#plan = plan;
    this.#dials = dials;
  }

  /** Seeds so far. */
  get seeds(): number {
    return this.#seeds;
  }

  /** Takes in the next seed. */
  add({ seed, prompts, singles, trials, bounds }: SeedResult): void {
    this.#seeds++;
    const numbers = prompts.map((prompt) => this.#records.of(prompt));
    const renumbered = (calls: SeedCalls): SeedCalls => ({ ...calls, record: calls.record.map((n) => numbers[n]!) });
    for (const [core, point] of singles) {
      append(this.#singles, core, { ...point, ...(point.calls && { calls: renumbered(point.calls) }) });
    }
    const contenders = playedOn(this.#plan, seed);
    for (const [i, { summary, calls }] of trials.entries()) {
      append(this.#trials, contenders[i] as Contender, summary);
      append(this.#calls, contenders[i] as Contender, renumbered(calls));
    }
    if (bounds === undefined) return;
    for (const [i, point] of bounds.curve.entries()) this.#boundCurve[i] = [...(this.#boundCurve[i] ?? []), point];
    for (const [name, figures] of bounds.policies) append(this.#bounds, name, figures);
  }

  /** @param base name of the contender that the others are compared with */
  report(base: string): Pick<CompareReport, 'policies' | 'paired' | 'frontier' | 'claims' | 'dials'> {
    const contenders = [...this.#plan.sweeps.keys()];
    const own = contenders.map((contender) => [contender.name, this.#trialsOf(contender)] as const);
    const baseTrials = own.find(([name]) => name === base)?.[1] ?? [];
    const resamples = new SeedResamples(baseTrials.length);
    const routers = [...this.#plan.sweeps].map(
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

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
