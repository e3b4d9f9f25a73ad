import type { Prediction, Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import type { PendingCall, SchedulableCore, SchedulerPolicy } from '../../schedulers/policy.js';
import { uniform } from '../../schedulers/uniform.js';

/** What is true of one made-up call: a column a core. */
export interface Truth {
  /** Logit that a predictor could know: what the text shows. */
  readonly shown: readonly number[];
  readonly probability: readonly number[];
  readonly score: readonly number[];
  readonly costUsd: readonly number[];
  readonly ticks: readonly number[];
}

/** Ability and dollars of an answer, each core more expensive than the one before; some are expensive for what they can do. */
const CORES = [
  { ability: -1.1, cost: 0.00006, cap: 6 },
  { ability: -0.4, cost: 0.0001, cap: 6 },
  { ability: 0.1, cost: 0.0003, cap: 10 },
  { ability: 0.6, cost: 0.0004, cap: 10 },
  { ability: 0.3, cost: 0.001, cap: 6 },
  { ability: 0.9, cost: 0.002, cap: 10 },
  { ability: 1.2, cost: 0.005, cap: 10 },
  { ability: 1.4, cost: 0.012, cap: 10 },
] as const;

/** What a text does not show, as a standard deviation of the logit. */
const HIDDEN = 0.9;

export type Wrongness = 'calibrated' | 'noisy' | 'optimistic' | 'random' | 'constant' | 'inverted';

/** A seeded world of calls of graded difficulty: the same for a seed, whatever the policy does. */
export class Stream {
  readonly truths: readonly Truth[];

  constructor(seed: number, calls: number) {
    const draw = uniform(seed);
    const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    this.truths = Array.from({ length: calls }, () => {
      const ease = 0.7 + 1.2 * normal();
      const length = Math.exp(0.5 * normal());
      const rows = CORES.map(({ ability, cost }, j) => {
        const shown = ease + ability + 0.6 * normal();
        const probability = sigmoid(shown + HIDDEN * normal());
        return {
          shown,
          probability,
          score: draw() < probability ? 1 : 0,
          costUsd: cost * length * Math.exp(0.3 * normal()),
          ticks: Math.max(1, Math.round((3 + j) * length * Math.exp(0.3 * normal()))),
        };
      });
      return {
        shown: rows.map((row) => row.shown),
        probability: rows.map((row) => row.probability),
        score: rows.map((row) => row.score),
        costUsd: rows.map((row) => row.costUsd),
        ticks: rows.map((row) => row.ticks),
      };
    });
  }

  /** Predicts from what the texts show, or wrongly in one of several ways. */
  predictor(wrongness: Wrongness, seed = 99): Predictor {
    const draw = uniform(seed);
    return {
      predict: async (calls) =>
        calls.map((call) => {
          const truth = this.truths[Number(call.params.messages[0]?.content)] as Truth;
          return CORES.map((core, j): Prediction => {
            // A hidden normal part flattens the logit: E sigmoid(x + s z) = sigmoid(x / sqrt(1 + pi s^2 / 8)), nearly.
            const honest = sigmoid((truth.shown[j] as number) / Math.sqrt(1 + (Math.PI * HIDDEN ** 2) / 8));
            const noise = 0.5 * Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
            const quality = {
              calibrated: honest,
              noisy: sigmoid(Math.log(honest / (1 - honest)) + noise),
              optimistic: Math.min(0.99, honest + 0.05),
              random: draw(),
              constant: 0.6,
              inverted: 1 - honest,
            }[wrongness];
            return {
              quality,
              tokensMean: 100,
              tokensP90: 200,
              costMean: core.cost,
              source: 'trained',
              nEffective: 0,
              similarity: null,
              ratings: 0,
              reliability: 1,
            };
          });
        }),
      finished: () => {},
      rated: () => {},
      close: async () => {},
    };
  }
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** What a run of a policy came to; one entry a call, in order of the end of the answer. */
export interface Ran {
  readonly scores: readonly number[];
  readonly costUsd: number;
  readonly cores: readonly number[];
  readonly capViolations: number;
  readonly unanswered: number;
  readonly longestWait: number;
  readonly lambdas: readonly number[];
}

/**
 * Plays a stream through a policy tick by tick.
 *
 * @param arrivals calls a tick on average @param rated share of the answers that are rated
 */
export async function play(
  policy: SchedulerPolicy & { readonly state?: { readonly lambda: number } },
  { truths }: Stream,
  {
    seed = 1,
    arrivals = 6,
    rated = 1,
    tickMs = 250,
  }: { seed?: number; arrivals?: number; rated?: number; tickMs?: number } = {},
): Promise<Ran> {
  const draw = uniform(seed + 7);
  let next = 0;
  let pending: PendingCall[] = [];
  let running: { readonly call: PendingCall; readonly core: number; readonly ends: number }[] = [];
  const scores: number[] = [];
  const chosen: number[] = [];
  const lambdas: number[] = [];
  let costUsd = 0;
  let capViolations = 0;
  let longestWait = 0;
  let unanswered = truths.length;
  for (let tick = 0; unanswered > 0 && tick < 100 * truths.length; tick++) {
    for (const { call, core, ends } of running) {
      if (ends > tick) continue;
      const truth = truths[call.seq] as Truth;
      const finished = {
        id: call.id,
        tenant: call.tenant,
        core: `core-${core}`,
        inputTokens: 100,
        outputTokens: 100,
        costUsd: truth.costUsd[core] as number,
        params: call.params,
        times: { ttftMs: tickMs, restMs: ((truth.ticks[core] as number) - 1) * tickMs },
      };
      policy.release?.(call.id, finished);
      if (draw() < rated) policy.feedback?.(finished, truth.score[core] as number);
      scores.push(truth.score[core] as number);
      chosen.push(core);
      costUsd += truth.costUsd[core] as number;
      unanswered--;
    }
    running = running.filter(({ ends }) => ends > tick);
    const arrived: PendingCall[] = [];
    for (let room = 2 * arrivals * draw(); room >= draw() && next < truths.length; room--) {
      arrived.push(callOf(next++, tick * tickMs));
    }
    const cores = CORES.map((core, j): SchedulableCore => {
      const busy = running.filter((one) => one.core === j).length;
      return {
        id: `core-${j}`,
        kind: 'simulated',
        price: { inputPerMTok: 1, outputPerMTok: 2 },
        contextWindow: 100_000,
        cap: core.cap,
        tools: true,
        responseFormat: true,
        supportsPrefix: true,
        running: busy,
        free: core.cap - busy,
      };
    });
    if (arrived.length > 0) await policy.prepare?.(arrived, cores);
    pending = [...pending, ...arrived];
    const placed = new Map(
      policy.schedule({ now: tick * tickMs, pending, cores }).map(({ syscallId, core }) => [syscallId, core]),
    );
    for (const call of pending) {
      const core = Number(placed.get(call.id)?.slice(5) ?? Number.NaN);
      if (Number.isNaN(core)) continue;
      running.push({ call, core, ends: tick + (truths[call.seq]?.ticks[core] as number) });
      longestWait = Math.max(longestWait, tick - call.acceptedAt / tickMs);
    }
    pending = pending.filter((call) => !placed.has(call.id));
    for (const [j, core] of CORES.entries()) {
      if (running.filter((one) => one.core === j).length > core.cap) capViolations++;
    }
    lambdas.push(policy.state?.lambda ?? 0);
  }
  return { scores, costUsd, cores: chosen, capViolations, unanswered, longestWait, lambdas };
}

function callOf(seq: number, now: number): PendingCall {
  return {
    id: `s${seq}`,
    seq,
    pid: 1,
    program: 1,
    tenant: 'default',
    acceptedAt: now,
    since: now,
    expiresAt: undefined,
    priority: 0,
    inputTokens: 100,
    eligible: CORES.map((_, j) => `core-${j}`),
    pinned: undefined,
    placed: undefined,
    params: { messages: [{ role: 'user', content: String(seq) }] },
  };
}
