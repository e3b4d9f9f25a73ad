import { bootKernel, defaultConfig, VirtualClock } from '../../../kernel/boot.js';
import { isRight, passProbability } from '../../../kernel/cores/item-response.js';
import type { SimulatedConfig } from '../../../kernel/cores/simulated.js';
import type { LocalProcess } from '../../../kernel/doors/in-process.js';
import { createPolicy } from '../../../schedulers/registry.js';
import { costOf } from '../../../syscalls/price.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { Random } from '../load/random.js';
import { quantilesOf } from '../metrics/statistics.js';
import { coresOf, itemOf, MODELS_AN_ACCOUNT, madePredictor, meanTokens, queryOf } from './made-models.js';

export interface GrowthSetup {
  readonly calls: number;
  readonly callsAnHour: number;
  readonly agents: number;
  /** Five for each provider account: every account has the same models. */
  readonly cores: number;
  /** Each has its share of the accounts, and of the agents. */
  readonly seats: number;
  readonly policy: string;
  readonly seed: number;
}

/** What one seat has done. Sums are over the calls of the second half: before, it looks for its prices. */
export interface SeatReport {
  readonly calls: number;
  /** Of both halves: every call that came. */
  readonly ended: number;
  readonly costUsd: number;
  /** What the same answers cost at their mean lengths: what chance makes of the lengths is left out. */
  readonly expectedUsd: number;
  /** Sum over the calls of the probability of a right answer, as the simulated cores have it. */
  readonly quality: number;
  /** Sum over the calls of the US dollars that one call from surely wrong to surely right was worth to the seat when it was answered. */
  readonly priceOfQuality: number;
  /** Sums. */
  readonly turnaroundMs: Millis;
  /** Of all decisions, real milliseconds. */
  readonly tickP99Ms: Millis;
  readonly longestTickMs: Millis;
  readonly ticks: number;
  readonly meanPending: number;
  /** In use, when half of the calls have come and when all have: of this process, after a collection where the process allows it. */
  readonly heapMb: readonly [half: number, end: number];
}

/** No limit of the kernel is what is measured. */
const ENOUGH = 1e9;

/** Plays a load of many agents in virtual time on one seat after the other: seats share nothing. */
export async function playGrowth(setup: GrowthSetup): Promise<readonly SeatReport[]> {
  const reports: SeatReport[] = [];
  for (let seat = 0; seat < setup.seats; seat++) reports.push(await playSeat(setup, seat));
  return reports;
}

async function playSeat(setup: GrowthSetup, seat: number): Promise<SeatReport> {
  const { callsAnHour, seats, policy, seed, cores: count } = setup;
  const accounts = count / MODELS_AN_ACCOUNT / seats;
  if (!Number.isInteger(accounts)) {
    throw new RangeError(`Expected cores to be a multiple of ${MODELS_AN_ACCOUNT * seats}, got ${count}`);
  }
  const clock = new VirtualClock();
  const cores = coresOf(accounts, callsAnHour / 3600 / seats);
  const config = defaultConfig();
  const limits = {
    ...config.limits,
    ...{
      pendingTotal: ENOUGH,
      pendingPerAgent: ENOUGH,
      pendingBytes: ENOUGH,
      maxAgents: ENOUGH,
      ratingsPerSecond: ENOUGH,
    },
  };
  const scheduler = createPolicy(policy, { predictor: () => madePredictor(cores) });
  const kernel = await bootKernel(
    { ...config, seed, cores: [...cores], log: { level: 'error' }, limits },
    { clock, items: itemOf, unread: true, policy: scheduler },
  );
  const models = new Map(cores.map((core) => [core.id, core]));
  const ticks: Millis[] = [];
  const sums = { calls: 0, costUsd: 0, expectedUsd: 0, quality: 0, priceOfQuality: 0, turnaroundMs: 0, pending: 0 };
  kernel.events.on('tick', ({ decisionMs, pending }) => {
    ticks.push(decisionMs);
    sums.pending += pending;
  });
  let ended = 0;
  const processes = new Map<number, LocalProcess>();
  const send = async ({ n, agent }: Arrival) => {
    const process = processes.get(agent) ?? kernel.connect({ name: `agent-${agent}` });
    processes.set(agent, process);
    const query = queryOf(n);
    const sentAt = clock.now();
    const { core, costUsd, syscallId, usage } = await process.call('llm.chat', {
      messages: [{ role: 'user', content: query }],
    });
    const model = models.get(core) as SimulatedConfig;
    const item = itemOf(query);
    ended++;
    if (n >= setup.calls / 2) {
      sums.calls++;
      sums.costUsd += costUsd;
      sums.expectedUsd += costOf(model.price, {
        inputTokens: usage.inputTokens,
        outputTokens: meanTokens(model, item),
      });
      sums.priceOfQuality += scheduler.status?.().priceOfQuality ?? 0;
      sums.quality += passProbability(model, item);
      sums.turnaroundMs += clock.now() - sentAt;
    }
    await process.call('syscall.feedback', { syscallId, quality: Number(isRight(model, query, item, seed)) });
  };
  try {
    const own = arrivals(setup, seat);
    let half = 0;
    await clock.runUntil(
      sendAll(own, clock, (arrival) => {
        if (half === 0 && arrival.n >= setup.calls / 2) half = heapMb();
        return send(arrival);
      }),
    );
    const { pending, ...done } = sums;
    const [tickP99Ms = null, longestTickMs = null] = quantilesOf(ticks, [0.99, 1]);
    return {
      ...done,
      ended,
      ...{ tickP99Ms: tickP99Ms ?? 0, longestTickMs: longestTickMs ?? 0, ticks: ticks.length },
      ...{ meanPending: pending / Math.max(1, ticks.length), heapMb: [half, heapMb()] },
    };
  } finally {
    await clock.runUntil(kernel.stop());
  }
}

interface Arrival {
  readonly n: number;
  readonly at: Millis;
  readonly agent: number;
}

/** The calls of a seat's agents, in order: the same calls at the same times however many seats there are. */
function* arrivals({ calls, callsAnHour, agents, seats, seed }: GrowthSetup, seat: number): Generator<Arrival> {
  const random = new Random(`growth/${seed}`);
  let at = 0;
  for (let n = 0; n < calls; n++) {
    at += -Math.log(1 - random.next()) * (3_600_000 / callsAnHour);
    const agent = random.int(0, agents - 1);
    if (agent % seats === seat) yield { n, at, agent };
  }
}

/** Settles when all have been answered. One timer at a time: a million of them would be most of what the heap holds. */
function sendAll(
  own: Iterator<Arrival>,
  clock: VirtualClock,
  send: (arrival: Arrival) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = 1;
    const ended = () => {
      if (--open === 0) resolve();
    };
    const next = () => {
      const { value, done } = own.next();
      if (done) return ended();
      const arrival = value as Arrival;
      clock.after(arrival.at - clock.now(), () => {
        open++;
        send(arrival).then(ended, reject);
        next();
      });
    };
    next();
  });
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
