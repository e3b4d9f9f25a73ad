import type { Rater } from '../../../syscalls/control.js';
import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import { decodeLearnt, encodeLearnt, MOST_LEARNT_BYTES } from '../../learnt.js';
import type {
  Assignment,
  CorePrediction,
  FinishedCall,
  PendingCall,
  PolicyStatus,
  Refusal,
  SchedulableCore,
  SchedulerPolicy,
  SchedulingSnapshot,
} from '../../policy.js';
import type { Predictor } from '../predictor/prediction.js';
import { type Agenda, agendaOf } from './agenda.js';
import { ECCOS_LEARNT, type EccosLearnt } from './eccos-learnt.js';
import { explain, predictionsOf } from './explanation.js';
import { FairShare } from './fair-share.js';
import type { Forecast } from './forecast.js';
import { Forecasts, rowsByTenant, unknownAmong } from './forecasts.js';
import { type HeldCall, HeldCalls } from './held-calls.js';
import { type MarketInputs, openMarket } from './market.js';
import type { PriceControls, PriceState } from './price-control.js';
import { spreadOf } from './price-signals.js';
import { Recalibrations } from './recalibrations.js';
import { RunningCalls } from './running-calls.js';
import { ServiceTimes } from './service-times.js';
import { decideTick, explainWaiting, type TickInput } from './tick.js';
import { TrafficPrices } from './traffic-prices.js';
import { WaitPrice, type WaitPriceSetting } from './wait-price.js';

export interface EccosOptions {
  readonly predictor: Predictor;
  readonly control: PriceControls;
  /** Share of the interaction of call and core that is kept, 0 to 1. */
  readonly gamma: number;
  /** Least milliseconds between two ticks, unless 64 calls are new. */
  readonly tickMs: number;
  /** Time pending after which a call goes before all others. */
  readonly overdueMs: Millis;
  readonly waitPrice: WaitPriceSetting;
  /** Whether programs take turns. */
  readonly fairness: 'none' | 'program';
  /** Seconds of expected time that a second of having waited weighs as much as, in the order of a queue. */
  readonly ageing: number;
  /** What becomes of a call whose `minQuality` no core is expected to reach. */
  readonly infeasible: 'best-effort' | 'refuse';
}

/**
 * Ratings of an agent that one of each rater counts for. An agent rates by what it makes of the answer itself; who checks answers
 * for others is wrong less often.
 */
const RATER_WEIGHTS: Readonly<Record<Rater, number>> = { agent: 1, verifier: 2, operator: 4 };
/** Without programs that take turns it is every call's turn. */
const ALWAYS = () => 0;
/** Terms of beliefs in a snapshot, and how many of them go with one more tenant: all 256 tenants fit, or half of both, and so on. */
const MOST_TERMS = 4096;
const TERMS_A_TENANT = 16;
/** How long an answer is taken to need of which nothing is known. */
const UNKNOWN_MS = 1000;

/**
 * Cost-efficient and quality-constrained: each tick weighs starting each call now against waiting for a better
 * core, and moves the price of quality so that mean quality stays at its target over the stream.
 *
 * The words and formulas of this folder are in `schedulers/eccos/README.md`.
 */
export class EccosPolicy implements SchedulerPolicy {
  readonly name = 'eccos';
  readonly tickMs: number;
  readonly #options: EccosOptions;
  readonly #forecasts: Forecasts;
  readonly #recalibration = new Recalibrations();
  readonly #times = new ServiceTimes();
  readonly #running = new RunningCalls();
  readonly #prices: TrafficPrices;
  readonly #waitPrice: WaitPrice;
  readonly #share: FairShare | undefined;
  readonly #calls = new HeldCalls();
  readonly #inputs: MarketInputs;
  /** The cores of the boot in config order, which is the order of every forecast: only their caps change. */
  #cores: readonly CoreId[] | undefined;
  /** Of the last tick that had anything to decide on. */
  #last: TickInput | undefined;
  #ticks = 0;
  /** Sums over all that was placed. */
  readonly #expected = { calls: 0, quality: 0 };
  /** Sums over all that was rated. */
  readonly #rated = { answers: 0, quality: 0 };
  /** Calls placed a few at a time, because a tick had more slots to fill than one solve may look at. */
  #greedy = 0;

  constructor(options: EccosOptions) {
    this.#options = options;
    this.tickMs = options.tickMs;
    this.#waitPrice = new WaitPrice(options.waitPrice);
    this.#share = options.fairness === 'program' ? new FairShare() : undefined;
    this.#forecasts = new Forecasts(options.gamma);
    this.#inputs = {
      forecastOf: (call, cores) => this.#calls.get(call.id)?.forecast ?? this.#forecasts.unknown(call, cores),
      qualityOf: (tenant, cores) => this.#recalibration.of(tenant).believed(cores),
      times: this.#times,
    };
    this.#prices = new TrafficPrices({ control: options.control, forecasts: this.#forecasts, inputs: this.#inputs });
  }

  get state(): PriceState {
    return this.#options.control.state;
  }

  /** How far it trusts its own correction more than the predictor, 0 to 1: for the tenant for whom it does so most. */
  get recalibrated(): number {
    return this.#recalibration.weight;
  }

  /** @throws TypeError (rejects) for other cores than those of the first call */
  async prepare(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void> {
    this.#cores ??= cores.map(({ id }) => id);
    const expected = this.#cores;
    if (cores.length !== expected.length || cores.some(({ id }, j) => id !== expected[j])) {
      const given = cores.map(({ id }) => id).join(', ');
      throw new TypeError(`Expected the cores of the boot, ${expected.join(', ')}, got ${given}`);
    }
    const rows = await this.#options.predictor.predict(arrived, cores);
    const forecasts = this.#forecasts.add(arrived, rows);
    for (const [i, call] of arrived.entries()) this.#hold(call, forecasts[i] as Forecast, cores);
  }

  refuse({ now, pending, cores }: SchedulingSnapshot): readonly Refusal[] {
    if (this.#options.infeasible !== 'refuse') return [];
    // What could not be predicted is not held against a call.
    const known = pending.filter(({ id, params }) => params.minQuality !== undefined && this.#calls.get(id));
    const { shortfalls } = openMarket(now, known, cores, this.#inputs);
    return known.flatMap(({ id: syscallId }, i) => {
      const reason = shortfalls[i];
      return reason === undefined ? [] : [{ syscallId, reason }];
    });
  }

  schedule(snapshot: SchedulingSnapshot): readonly Assignment[] {
    const { now, pending, cores } = snapshot;
    const { control } = this.#options;
    this.#ticks++;
    // What is pending does not run: it was preempted, or failed.
    for (const { id } of pending) this.#running.end(id);
    const share = this.#share;
    const turnOf = ({ id }: PendingCall) => this.#calls.get(id)?.turnS ?? 0;
    let aheadS: Agenda['aheadS'] = ALWAYS;
    let secondsAhead: Float64Array | undefined;
    if (share !== undefined) {
      // What `from` makes of a function takes ten times as long.
      const turns = new Float64Array(pending.length);
      for (let i = 0; i < turns.length; i++) turns[i] = turnOf(pending[i] as PendingCall);
      share.advance(turns);
      secondsAhead = turns.map((turn) => share.aheadS(turn));
      aheadS = (call) => share.aheadS(turnOf(call));
    }
    const agenda = agendaOf(snapshot, this.#options.overdueMs, this.#times, aheadS, secondsAhead);
    if (agenda.calls.length === 0) return [];
    for (const call of agenda.calls) this.#see(call, cores);
    const market = openMarket(now, agenda.calls, cores, this.#inputs);
    const tenants = rowsByTenant(agenda.calls);
    for (const [tenant, rows] of tenants) control.of(tenant).observe(spreadOf(market, rows));
    this.#prices.update(tenants.keys(), cores);
    const input: TickInput = {
      agenda,
      market,
      inputs: this.#inputs,
      running: this.#running,
      priceOf: this.#prices.ofQuality,
      secondPrices: this.#prices.ofSeconds(cores),
      waitUsd: this.#waitPrice.perSecond,
      ageing: this.#options.ageing,
      choiceBefore: (id) => this.#calls.get(id)?.choice,
    };
    const { assignments, starts, choices, placed, waits, extra, greedy } = decideTick(input);
    this.#last = input;
    for (const call of extra) this.#see(call, cores);
    for (const [id, choice] of choices) this.#calls.place(id, choice, this.#ticks);
    for (const [id, wait] of waits) (this.#calls.get(id) as HeldCall).waitsFor = wait;
    for (const { id, core, seconds } of starts) {
      this.#running.start(id, { core, since: now, expectedMs: 1000 * seconds || UNKNOWN_MS });
    }
    for (const [tenant, sums] of placed) {
      control.of(tenant).placed(sums, now);
      this.#expected.calls += sums.calls;
      this.#expected.quality += sums.quality;
    }
    this.#greedy += greedy;
    return assignments;
  }

  release(id: SyscallId, finished: FinishedCall | undefined): void {
    const { predictor, control } = this.#options;
    const held = this.#calls.remove(id);
    this.#running.end(id);
    const choice = held?.choice;
    // A call that was not answered gives back what it was expected to cost: what it did cost is not known.
    if (held !== undefined && choice !== undefined) {
      control.of(held.view.tenant).spentMore?.((finished?.costUsd ?? 0) - choice.forecast.costUsd(choice.chosen));
    }
    if (finished === undefined) return;
    predictor.finished(finished);
    const { core } = finished;
    this.#learnTimes(finished, held?.forecast);
    if (held === undefined || choice === undefined) return;
    const column = choice.cores.indexOf(core);
    if (column < 0 || Number.isNaN(held.forecast.logit(column))) return;
    this.#calls.keepAnswer(id, { column, choice, rated: undefined });
  }

  feedback(call: FinishedCall, quality: number, by: Rater = 'agent'): void {
    const { predictor, control } = this.#options;
    const weight = RATER_WEIGHTS[by];
    predictor.rated(call, quality, weight);
    this.#rated.answers++;
    this.#rated.quality += quality;
    const answer = this.#calls.answer(call.id);
    if (answer === undefined) return;
    const { column, choice, rated: before } = answer;
    answer.rated = quality;
    const logit = choice.forecast.logit(column);
    this.#recalibration.learn(call.tenant, choice.cores[column]!, logit, quality, weight);
    control.rated?.(call.tenant, { quality, predicted: choice.quality[choice.chosen]!, weight, before });
  }

  async save(): Promise<void> {
    await this.#options.predictor.save?.();
  }

  snapshot(): Uint8Array {
    for (let most = MOST_TERMS; ; most = Math.floor(most / 2)) {
      const bytes = encodeLearnt(ECCOS_LEARNT, this.#learnt(most));
      if (bytes.length <= MOST_LEARNT_BYTES || most === 0) return bytes;
    }
  }

  restore(bytes: Uint8Array): void {
    const learnt = decodeLearnt(ECCOS_LEARNT, bytes);
    const { control, predictor } = this.#options;
    control.restore(learnt.control);
    this.#recalibration.restore(learnt.recalibration);
    this.#times.restore(learnt.times);
    this.#prices.restore(learnt.secondPrices);
    this.#waitPrice.restore(learnt.waiting);
    if (this.#cores?.join('\n') === learnt.cores.join('\n')) this.#forecasts.restore(learnt.effects);
    [this.#expected.calls, this.#expected.quality, this.#rated.answers, this.#rated.quality] = learnt.sums;
    if (learnt.predictor !== undefined) predictor.restore?.(learnt.predictor);
  }

  /** @param most terms of beliefs, and a sixteenth as many tenants */
  #learnt(most: number): EccosLearnt {
    const { control, predictor } = this.#options;
    const tenants = Math.ceil(most / TERMS_A_TENANT);
    const beliefs = predictor.learnt?.(most);
    return {
      control: control.learnt(tenants),
      recalibration: this.#recalibration.learnt(tenants),
      times: this.#times.learnt,
      secondPrices: this.#prices.learnt,
      waiting: this.#waitPrice.learnt(tenants),
      cores: [...(this.#cores ?? [])],
      effects: this.#forecasts.learnt(tenants),
      sums: [this.#expected.calls, this.#expected.quality, this.#rated.answers, this.#rated.quality],
      ...(beliefs && { predictor: beliefs }),
    };
  }

  status(): PolicyStatus {
    const { alpha, infeasible, lambda: priceOfQuality } = this.state;
    const mean = (quality: number, of: number) => (of === 0 ? undefined : quality / of);
    const predictedQuality = mean(this.#expected.quality, this.#expected.calls);
    const ratedQuality = mean(this.#rated.quality, this.#rated.answers);
    const { perSecond } = this.#waitPrice;
    const { recent } = this.#forecasts;
    const unknown = unknownAmong(recent);
    const warning =
      unknown > 0
        ? `of ${unknown} of the last ${recent.length} calls nothing is known: their kind of task is new, and no answer of it was rated`
        : undefined;
    return {
      alpha,
      predictedQuality,
      ratedQuality,
      outOfReach: infeasible,
      greedy: this.#greedy,
      priceOfQuality,
      secondPrices: this.#last && pricesById(this.#last),
      waitPrice: perSecond && 3600 * perSecond,
      warning,
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
    return this.#last === undefined ? ['waits: no tick has looked at it yet'] : explainWaiting(this.#last, held);
  }

  predictions(id: SyscallId): readonly CorePrediction[] | undefined {
    const choice = this.#calls.get(id)?.choice ?? this.#calls.answer(id)?.choice;
    return choice && predictionsOf(choice);
  }

  #learnTimes({ tenant, core, outputTokens, costUsd, times }: FinishedCall, forecast: Forecast | undefined): void {
    if (times === undefined) return;
    const column = this.#cores?.indexOf(core) ?? -1;
    const expected = column < 0 ? Number.NaN : (forecast?.tokensMean(column) ?? Number.NaN);
    const predicted = Number.isFinite(expected) ? expected : outputTokens;
    this.#times.learn(core, { ...times, tokens: outputTokens, predicted });
    this.#waitPrice.learn(tenant, costUsd, times.ttftMs + times.restMs);
  }

  #see(call: PendingCall, cores: readonly SchedulableCore[]): void {
    if (this.#calls.see(call, this.#ticks) === undefined) this.#hold(call, this.#forecasts.unknown(call, cores), cores);
  }

  #hold(call: PendingCall, forecast: Forecast, cores: readonly SchedulableCore[]): void {
    this.#calls.add(call, forecast, this.#share?.admit(call.program, this.#usualS(forecast, cores)) ?? 0, this.#ticks);
  }

  /** Seconds that a call is expected to take, on average over the cores that are known; 1: none is. */
  #usualS(forecast: Forecast, cores: readonly SchedulableCore[]): number {
    const expected = this.#times.expected(cores.map(({ id }) => id));
    const known = cores.map((_, j) => expected(j, forecast.tokensMean(j))).filter((one) => one > 0);
    return known.length === 0 ? 1 : known.reduce((sum, one) => sum + one, 0) / known.length;
  }
}

function pricesById({ agenda: { ids }, secondPrices }: TickInput): Readonly<Record<CoreId, number>> {
  return Object.fromEntries(ids.map((id, j) => [id, secondPrices[j]!]));
}
