import type { SyscallId } from '../../../syscalls/syscall.js';
import type {
  Assignment,
  FinishedCall,
  PendingCall,
  PolicyOutlook,
  Refusal,
  SchedulableCore,
  SchedulerPolicy,
  SchedulingSnapshot,
} from '../../policy.js';
import type { Predictor } from '../predictor/prediction.js';
import { explain } from './explanation.js';
import { type Forecast, Forecasts } from './forecasts.js';
import { type HeldCall, HeldCalls } from './held-calls.js';
import { type Beliefs, openMarket } from './market.js';
import { type PriceControl, type PriceState, type Sample, spreadOf } from './price-control.js';
import { Recalibration } from './recalibration.js';
import { ServiceTimes } from './service-times.js';
import { SlotPrices } from './slot-prices.js';
import { Tick, type TickRules } from './tick.js';

export interface EccosOptions extends TickRules {
  readonly predictor: Predictor;
  readonly control: PriceControl;
  /** Share of the interaction of call and core that is kept, 0 to 1. */
  readonly gamma: number;
  /** Least milliseconds between two ticks, unless 64 calls are new. */
  readonly tickMs: number;
  /** What becomes of a call whose `minQuality` no core is expected to reach. */
  readonly infeasible: 'best-effort' | 'refuse';
}

/** Why calls wait on purpose, by the parameter that has them wait. */
const WAITS = {
  patience: 'a call whose deadline allows it may wait for a core that is full and cheaper at the price of quality',
  queueAhead: 'a call may be held in the queue of a core that is full and cheaper at the price of quality',
} as const;

/**
 * Cost-efficient and quality-constrained: each tick places all that can start at least regret, by predicted cost, the
 * price of quality and the prices of slots, and moves the price of quality so that mean quality stays at its target over
 * the stream.
 */
export class EccosPolicy implements SchedulerPolicy {
  readonly name = 'eccos';
  readonly tickMs: number;
  readonly waitsOnPurpose?: string;
  readonly #options: EccosOptions;
  readonly #forecasts: Forecasts;
  readonly #recalibration = new Recalibration();
  readonly #times = new ServiceTimes();
  readonly #slotPrices = new SlotPrices();
  readonly #calls = new HeldCalls();
  readonly #beliefs: Beliefs;
  /** The last tick that had anything to decide on. */
  #last: Tick | undefined;
  #ticks = 0;
  /** Sums over all that was placed. */
  #expected = { calls: 0, quality: 0 };
  /** Calls placed one by one, because a tick had more slots to fill than one solve may look at. */
  #greedy = 0;

  constructor(options: EccosOptions) {
    this.#options = options;
    const { patience, queueAhead, tickMs } = options;
    this.tickMs = tickMs;
    if (patience > 0) this.waitsOnPurpose = WAITS.patience;
    else if (queueAhead > 0) this.waitsOnPurpose = WAITS.queueAhead;
    this.#forecasts = new Forecasts(options.gamma);
    this.#beliefs = {
      forecastOf: ({ id }) => (this.#calls.get(id) as HeldCall).forecast,
      columnOf: (core) => this.#forecasts.columnOf(core),
      qualityOf: (core, logit) => this.#recalibration.quality(core, logit),
      times: this.#times,
    };
  }

  get state(): PriceState {
    return this.#options.control.state;
  }

  /** How far it trusts its own correction more than the predictor, 0 to 1. */
  get recalibrated(): number {
    return this.#recalibration.weight;
  }

  async prepare(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void> {
    const rows = await this.#options.predictor.predict(arrived, cores);
    const forecasts = this.#forecasts.add(arrived, rows, cores);
    for (const [i, call] of arrived.entries()) this.#calls.add(call, forecasts[i] as Forecast, this.#ticks);
  }

  refuse({ now, pending, cores }: SchedulingSnapshot): readonly Refusal[] {
    if (this.#options.infeasible !== 'refuse') return [];
    // What could not be predicted is not held against a call.
    const known = pending.filter(({ id, params }) => params.minQuality !== undefined && this.#calls.has(id));
    const { shortfalls } = openMarket(now, known, cores, this.#beliefs);
    return known.flatMap(({ id: syscallId }, i) => {
      const reason = shortfalls[i];
      return reason === undefined ? [] : [{ syscallId, reason }];
    });
  }

  schedule(snapshot: SchedulingSnapshot): readonly Assignment[] {
    const { now, cores } = snapshot;
    const { control } = this.#options;
    const tick = new Tick(++this.#ticks, snapshot, this.#options, this.#beliefs, (call) => this.#see(call, cores));
    if (tick.market.n === 0) return [];
    control.observe(spreadOf(tick.market));
    this.#reprice(cores);
    const assignments = tick.decide(control.state, this.#slotPrices.of(cores));
    control.placed(tick.placed, now);
    this.#expected = {
      calls: this.#expected.calls + tick.placed.calls,
      quality: this.#expected.quality + tick.placed.quality,
    };
    this.#greedy += tick.greedy;
    this.#last = tick;
    return assignments;
  }

  release(id: SyscallId, finished: FinishedCall | undefined): void {
    const { predictor, control } = this.#options;
    const held = this.#calls.remove(id);
    const choice = held?.choice;
    // A call that was not answered gives back what it was expected to cost: what it did cost is not told.
    if (choice !== undefined) control.spentMore((finished?.costUsd ?? 0) - choice.costUsd[choice.chosen]!);
    if (finished === undefined) return;
    predictor.finished(finished);
    const { core, outputTokens, times } = finished;
    if (times !== undefined) this.#times.learn(core, times.ttftMs, times.restMs, outputTokens);
    if (held === undefined || choice === undefined) return;
    const logit = held.forecast.logits[this.#forecasts.columnOf(core)];
    if (logit !== undefined && !Number.isNaN(logit)) this.#calls.keepAnswer(id, { core, logit, choice });
  }

  feedback(call: FinishedCall, quality: number): void {
    this.#options.predictor.judged(call, quality);
    const answer = this.#calls.answer(call.id);
    if (answer === undefined) return;
    this.#recalibration.learn(answer.core, answer.logit, quality);
    this.#options.control.judged(quality);
  }

  outlook(): PolicyOutlook {
    const { alpha, infeasible } = this.state;
    const { calls, quality } = this.#expected;
    return {
      alpha,
      predictedQuality: calls === 0 ? undefined : quality / calls,
      outOfReach: infeasible,
      greedy: this.#greedy,
    };
  }

  close(): Promise<void> {
    return this.#options.predictor.close();
  }

  /** Why a call is or was where it is, a line a piece; undefined for one that ended without an answer or long ago. */
  explain(id: SyscallId): readonly string[] | undefined {
    const held = this.#calls.get(id);
    if (held === undefined) {
      const answer = this.#calls.answer(id);
      return answer && explain(answer.choice);
    }
    if (held.choice !== undefined && held.placedTick >= held.seenTick) return explain(held.choice);
    return this.#last?.explainWaiting(held) ?? ['waits: no tick has looked at it yet'];
  }

  #see(call: PendingCall, cores: readonly SchedulableCore[]): HeldCall {
    const known = this.#calls.see(call, this.#ticks);
    return known ?? this.#calls.add(call, this.#forecasts.unknown(call, cores), this.#ticks);
  }

  /** Once enough calls are new, looks at recent traffic for what quality and slots are worth. */
  #reprice(cores: readonly SchedulableCore[]): void {
    const { control } = this.#options;
    const { seen } = this.#forecasts;
    if (control.wantsSample(seen)) control.begin(this.#sample(cores), seen);
    if (!this.#slotPrices.isDue(seen)) return;
    const traffic = { sample: this.#sample(cores), spanMs: this.#forecasts.spanMs, lambda: this.state.lambda };
    this.#slotPrices.learn(traffic, cores, this.#times, seen);
  }

  /** What traffic looks like: recent calls, as they are believed now. */
  #sample(cores: readonly SchedulableCore[]): Sample {
    const { recent } = this.#forecasts;
    const m = cores.length;
    const quality = new Float64Array(recent.length * m);
    const costs = new Float64Array(recent.length * m);
    for (const [j, { id }] of cores.entries()) {
      const column = this.#forecasts.columnOf(id);
      for (const [i, { eligible, forecast }] of recent.entries()) {
        const { logits, costUsd } = forecast;
        const logit = eligible.includes(id) ? logits[column] : undefined;
        quality[i * m + j] = this.#recalibration.quality(id, logit ?? Number.NaN);
        costs[i * m + j] = costUsd[column] ?? Number.NaN;
      }
    }
    return { n: recent.length, m, quality, costUsd: costs };
  }
}
