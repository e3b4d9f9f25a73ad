import { columnEffectsOf, shrinkInteraction } from '../../../schedulers/eccos/predictor/shrink-interaction.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import { FluidBound, type FluidLoad } from '../bound/fluid-bound.js';
import { ServiceFit } from '../bound/service-fit.js';
import { meanOf, quantilesOf } from '../metrics/statistics.js';
import type { CallRecord } from './call-record.js';
import type { SeedPoint } from './frontier.js';
import { arrivalMs } from './metrics.js';

/** One call of a seed. Lists have an entry a core. */
export interface BoundCall {
  readonly promptId: string;
  readonly inputTokens: number;
  readonly predicted: readonly Expected[];
  readonly known: readonly (Expected | undefined)[];
}

interface Expected {
  readonly quality: number;
  readonly costUsd: number;
  readonly outputTokens: number;
}

/** What a policy chose on one seed, beside what could have been. */
export interface BoundFigures {
  /** Mean predicted quality of the cores that answered, by one forecast for every policy. */
  readonly forecastQuality: number;
  /** US dollars: least cost at this forecast, if time were all that is short. Null: out of reach. */
  readonly boundUsd: number | null;
}

/** Share of what sets one core apart on one call that the forecast believes: the default of eccos. */
const GAMMA = 0.7;

interface Played {
  readonly forecastQuality: number;
  readonly horizonS: number;
}

/** Bounds of one seed: see `FluidBound`. How long answers take is learnt from what all policies were served. */
export class SeedBounds {
  readonly #cores: readonly { readonly id: CoreId; readonly cap: number }[];
  readonly #calls: readonly BoundCall[];
  /** Predicted quality of each call on each core, shrunk. */
  readonly #quality: Float64Array;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #times = new ServiceFit();
  readonly #played = new Map<string, Played>();

  constructor(cores: readonly { readonly id: CoreId; readonly cap: number }[], calls: readonly BoundCall[]) {
    this.#cores = cores;
    this.#calls = calls;
    const quality = Float64Array.from(calls.flatMap(({ predicted }) => predicted.map((one) => one.quality)));
    this.#quality = shrinkInteraction(quality, columnEffectsOf(quality, cores.length), GAMMA);
    this.#rows = new Map(calls.map(({ promptId }, row) => [promptId, row]));
  }

  /** @param policy whose bounds are asked for; undefined: only its times are of use */
  add(policy: string | undefined, calls: readonly CallRecord[]): void {
    const forecasts: number[] = [];
    for (const { promptId, answer } of calls) {
      if (answer === undefined) continue;
      this.#times.learn(answer);
      const core = this.#cores.findIndex(({ id }) => id === answer.core);
      const row = this.#rows.get(promptId);
      if (row !== undefined) forecasts.push(this.#quality[row * this.#cores.length + core]!);
    }
    if (policy === undefined || forecasts.length === 0) return;
    this.#played.set(policy, { forecastQuality: meanOf(forecasts), horizonS: arrivalMs(calls) / 1000 });
  }

  /**
   * The bound at several prices of quality, and beside it each policy: the last step, when all have played.
   *
   * @param lambdas US dollars from surely wrong to surely right
   */
  figures(lambdas: readonly number[]) {
    const bound = new FluidBound(this.#load());
    const curve = lambdas.map((lambda) => bound.at(lambda));
    const policies = new Map(
      [...this.#played].map(([name, { forecastQuality }]): [string, BoundFigures] => [
        name,
        {
          forecastQuality,
          boundUsd: bound.reaching(forecastQuality)?.costUsd ?? null,
        },
      ]),
    );
    return {
      curve: curve.map((point): SeedPoint | null => point && { ...point, meanTurnaroundMs: null }),
      policies,
    };
  }

  /** What the bounds are computed of. The time is that of a usual policy. */
  #load(): FluidLoad {
    const n = this.#calls.length;
    const m = this.#cores.length;
    const [horizonS = null] = quantilesOf(
      [...this.#played.values()].map((played) => played.horizonS),
      [0.5],
    );
    const cells = (of: (call: BoundCall, core: number) => number) =>
      Float64Array.from({ length: n * m }, (_, cell) => of(this.#calls[Math.floor(cell / m)] as BoundCall, cell % m));
    const secondsOf = ({ inputTokens }: BoundCall, core: number, tokens: number) =>
      this.#times.seconds((this.#cores[core] as { id: CoreId }).id, inputTokens, tokens);
    const predicted = {
      quality: this.#quality,
      costUsd: cells(({ predicted }, j) => predicted[j]!.costUsd),
      seconds: cells((call, j) => secondsOf(call, j, call.predicted[j]!.outputTokens)),
    };
    const realised = {
      quality: cells(({ known }, j) => known[j]?.quality ?? 0),
      costUsd: cells(({ known }, j) => known[j]?.costUsd ?? Number.NaN),
      seconds: cells((call, j) => secondsOf(call, j, call.known[j]?.outputTokens ?? 0)),
    };
    return { n, m, predicted, realised, capacity: this.#cores.map(({ cap }) => cap * (horizonS ?? 0)) };
  }
}
