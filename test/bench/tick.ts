import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import type { Prediction, Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import { fifo } from '../../schedulers/fifo.js';
import type { PendingCall, SchedulableCore, SchedulerPolicy } from '../../schedulers/policy.js';
import { uniform } from '../../schedulers/uniform.js';
import { promptOf } from '../../syscalls/llm-chat.js';
import { coreOf, pendingCall } from '../support/scheduling.js';
import { percentile, quantiles } from './measure.js';

const CORES = 12;
/** Calls that come, and slots that free, between two ticks. */
const FLOW = 64;
const TICKS = { warm: 100, timed: 500 } as const;
const ROUNDS = 5;
/** Milliseconds of p99 by pending calls; at 10,000 of the longest tick. */
const GATES: Readonly<Record<number, number>> = { 256: 10, 2048: 25, 10000: 20 };

interface Setting {
  readonly pending: number;
  readonly name: string;
  readonly create: () => SchedulerPolicy;
}

const eccos = (given: Readonly<Record<string, string>> = {}) =>
  eccosPolicy(eccosParameters.parse({ alpha: '0.7', ...given }), logistic());

const SETTINGS: readonly Setting[] = [256, 2048, 10_000].flatMap((pending) => [
  { pending, name: 'fifo', create: fifo },
  { pending, name: 'eccos', create: () => eccos({ waitPrice: '0.36' }) },
  { pending, name: 'eccos, fair', create: () => eccos({ waitPrice: '0.36', fairness: 'program' }) },
]);

/** `schedule` alone, in steady state: so many pending on 12 cores, 64 new ones and 64 free slots a tick, all answers rated. */
export async function run(): Promise<void> {
  for (const { pending, name, create } of SETTINGS) {
    const rounds = [];
    for (let seed = 1; seed <= ROUNDS; seed++) rounds.push(await tickTimes(create(), pending, seed));
    const p99s = rounds.map((times) => percentile(times, 0.99));
    const longest = Math.max(...rounds.flat());
    const gate = name === 'fifo' ? '' : verdict(pending, percentile(p99s, 0.5), longest);
    console.log(
      `${String(pending).padStart(5)} pending x ${CORES}  ${name.padEnd(20)} ` +
        `p50 ${quantiles(
          rounds.map((times) => percentile(times, 0.5)),
          3,
        )} ms | p99 ${quantiles(p99s, 3)} ms | ` +
        `longest ${longest.toFixed(1)} ms${gate}`,
    );
  }
  console.log(`each figure: median [min, max] of ${ROUNDS} rounds of ${TICKS.timed} ticks`);
}

function verdict(pending: number, p99: number, longest: number): string {
  const gate = GATES[pending] ?? Infinity;
  const [what, value] = gate === GATES[10_000] ? ['longest', longest] : ['p99', p99];
  return ` | gate ${what} <= ${gate} ms: ${value <= gate ? 'met' : 'MISSED'}`;
}

/** Milliseconds of each tick. */
async function tickTimes(policy: SchedulerPolicy, size: number, seed: number): Promise<number[]> {
  const draw = uniform(seed);
  const eligible = Array.from({ length: CORES }, (_, j) => `core-${j}`);
  let seq = 0;
  const arrive = (count: number, at: number) =>
    Array.from({ length: count }, () => pendingCall(seq++, { eligible, acceptedAt: at, since: at }));
  let pending: PendingCall[] = [];
  let arrived = arrive(size, 0);
  const times: number[] = [];
  for (let tick = 0; tick < TICKS.warm + TICKS.timed; tick++) {
    const cores = coresWith(FLOW, draw);
    await policy.prepare?.(arrived, cores);
    pending = [...pending, ...arrived];
    const snapshot = { now: tick * 250, pending, cores };
    const startedAt = performance.now();
    const assignments = policy.schedule(snapshot);
    const took = performance.now() - startedAt;
    if (tick >= TICKS.warm) times.push(took);
    const started = startedOf(assignments, cores);
    pending = pending.filter(({ id }) => !started.has(id));
    for (const [id, core] of started) answer(policy, id, core, draw());
    arrived = arrive(started.size, snapshot.now);
  }
  return times;
}

function coresWith(free: number, draw: () => number): SchedulableCore[] {
  const slots = Array.from({ length: CORES }, () => 0);
  for (let slot = 0; slot < free; slot++) slots[Math.floor(draw() * CORES)]!++;
  return slots.map((count, j) => coreOf(`core-${j}`, { free: count, cap: FLOW, price: 0.05 * 1.8 ** j }));
}

/** Core by syscall: what the free slots take of the queues, in order. */
function startedOf(
  assignments: ReturnType<SchedulerPolicy['schedule']>,
  cores: readonly SchedulableCore[],
): Map<string, string> {
  const free = new Map(cores.map(({ id, free }) => [id, free]));
  const started = new Map<string, string>();
  for (const { syscallId, core } of assignments) {
    const left = free.get(core) ?? 0;
    if (left === 0) continue;
    free.set(core, left - 1);
    started.set(syscallId, core);
  }
  return started;
}

function answer(policy: SchedulerPolicy, id: string, core: string, draw: number): void {
  const usage = { inputTokens: 100, outputTokens: 100, costUsd: 1e-4, times: { ttftMs: 200, restMs: 1000 } };
  const finished = { id, tenant: 'default', core, ...usage, params: { messages: [] } };
  policy.release?.(id, finished);
  policy.feedback?.(finished, draw < 0.7 ? 1 : 0);
}

/** Ability of the core less difficulty of the call, through a logistic; cost by the price of the core. */
function logistic(): Predictor {
  return {
    predict: async (calls, cores) =>
      calls.map(({ params }) => {
        const draw = uniform(Number(promptOf(params).slice('call '.length)));
        const difficulty = 4 * draw() - 2;
        const tokens = 50 + 400 * draw();
        return cores.map(({ price }, j): Prediction => {
          const quality = 1 / (1 + Math.exp(difficulty - 0.25 * j - draw()));
          const costMean = (tokens * price.outputPerMTok) / 1e6;
          const about = { source: 'trained', nEffective: 0, similarity: null, ratings: 0, reliability: 1 } as const;
          return { quality, tokensMean: tokens, tokensP90: 2 * tokens, costMean, ...about };
        });
      }),
    finished() {},
    rated() {},
    close: async () => {},
  };
}
