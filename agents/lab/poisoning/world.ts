import { bootKernel, defaultConfig, VirtualClock } from '../../../kernel/boot.js';
import { passProbability } from '../../../kernel/cores/item-response.js';
import { simulatedConfig } from '../../../kernel/cores/simulated.js';
import type { Principal } from '../../../kernel/process/principal.js';
import { createPolicy } from '../../../schedulers/registry.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { TrialPredictors } from '../compare/predictors.js';
import { drawAnswerTokens, singleShot } from '../load/agent-run.js';
import { poissonWithin } from '../load/arrivals.js';
import type { UnnamedCall } from '../load/load.js';
import { itemOf } from '../load/queries.js';
import { Random } from '../load/random.js';
import { knownOutcomes } from '../records/known-outcomes.js';
import { type Attack, HONEST_NAMES } from './attacks.js';

const CORES = defaultConfig().cores.map((core) => simulatedConfig.parse({ ...core, chunkMs: 0 }));

/** Mean calls a second of each honest tenant. Four of them and a flood keep the cores half busy: what is measured is teaching, not crowding. */
const RATE = 0.4;
/** Share of the time of a trial after which calls count: before, nobody has taught much. */
const WARM = 0.25;
/** No limit of the kernel is to protect anybody here. */
const ENOUGH = 1e9;

export interface World {
  readonly seed: number;
  /** Of each honest tenant. */
  readonly calls: number;
  readonly policy: string;
  readonly attack: Omit<Attack, 'name'>;
}

/** What became of the calls of one tenant. */
export interface Fate {
  readonly calls: number;
  /** Mean probability of a right answer, as the simulated cores have it: the outcome without the luck of the draw. */
  readonly quality: number;
  readonly costPer1000: number;
}

/** Makes the predictors of each kernel, which learn in it alone. */
export interface PredictorSource {
  forTrial(): Pick<TrialPredictors, 'services' | 'close'>;
  encodeAhead(prompts: readonly string[]): void;
  close(): Promise<void>;
}

interface Sent {
  readonly at: Millis;
  readonly call: UnnamedCall;
}

/** One kernel with honest tenants and one party that attacks, in virtual time. @returns the fate of each honest tenant by name */
export async function playPoisoned(world: World, predictors: PredictorSource): Promise<ReadonlyMap<string, Fate>> {
  const { seed, calls, policy, attack } = world;
  const clock = new VirtualClock();
  const { services, close } = predictors.forTrial();
  const config = defaultConfig();
  const limits = {
    ...config.limits,
    pendingTotal: ENOUGH,
    pendingPerAgent: ENOUGH,
    maxAgents: ENOUGH,
    ratingsPerSecond: ENOUGH,
  };
  const kernel = await bootKernel(
    { ...config, seed, cores: [...CORES], log: { level: 'error' }, limits },
    { clock, items: itemOf, policy: createPolicy(policy, services) },
  );
  const known = await knownOutcomes(CORES, { seed, items: itemOf });
  const spanMs = (1000 * calls) / RATE;
  const random = new Random(seed);
  const truthOf = ({ core, usage }: ChatReply, { params }: UnnamedCall) =>
    known(core, params, usage.inputTokens)?.score as number;
  const fates = new Map<string, Fate>();
  const send = async (tenant: { readonly name: string; readonly rates: boolean }, sent: readonly Sent[]) => {
    const process = kernel.connect({ name: tenant.name }, principalOf(tenant.name, tenant.name));
    let [counted, quality, costUsd] = [0, 0, 0];
    await Promise.all(
      sent.map(async ({ at, call }) => {
        await pause(clock, at);
        const reply = await process.call('llm.chat', call.params);
        const core = CORES.find(({ id }) => id === reply.core) as (typeof CORES)[number];
        if (at >= WARM * spanMs) {
          counted++;
          quality += passProbability(core, itemOf(call.prompt));
          costUsd += reply.costUsd;
        }
        if (!tenant.rates) return;
        await process.call('syscall.feedback', { syscallId: reply.syscallId, quality: truthOf(reply, call) });
      }),
    );
    fates.set(tenant.name, { calls: counted, quality: quality / counted, costPer1000: (1000 * costUsd) / counted });
  };
  const { disguise, rate } = attack;
  const poison = async (sent: readonly Sent[]) => {
    const principal = principalOf('attacker', undefined);
    await Promise.all(
      sent.map(async ({ at, call }, n) => {
        await pause(clock, at);
        const tenant = disguise.tenantOf(n);
        const process = kernel.connect({ name: 'attacker', ...(tenant === undefined ? {} : { tenant }) }, principal);
        const params = disguise.manyTasks ? { ...call.params, task: `task-${n}` } : call.params;
        const reply = await process.call('llm.chat', params);
        const expensive = CORES.findIndex(({ id }) => id === reply.core) / (CORES.length - 1);
        const quality = rate({ truth: truthOf(reply, call), expensive, progress: n / sent.length });
        if (quality !== undefined) await process.call('syscall.feedback', { syscallId: reply.syscallId, quality });
        process.close();
      }),
    );
  };
  const honest = HONEST_NAMES.map((name) => ({ name, sent: drawn(random.stream(name), calls, spanMs) }));
  const attacking = drawn(random.stream('attacker'), Math.round(calls * disguise.calls), spanMs);
  predictors.encodeAhead([...honest.flatMap(({ sent }) => sent), ...attacking].map(({ call }) => call.prompt));
  const all = [...honest.map(({ name, sent }) => send({ name, rates: name !== 'silent' }, sent)), poison(attacking)];
  try {
    await clock.runUntil(Promise.all(all));
  } finally {
    await clock.runUntil(kernel.stop());
    await close();
  }
  return fates;
}

function drawn(random: Random, count: number, spanMs: Millis): Sent[] {
  const times = poissonWithin(random.stream('times'), spanMs, count);
  return times.map((at) => ({ at, call: singleShot(random, drawAnswerTokens(random)) }));
}

function pause(clock: VirtualClock, ms: Millis): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

function principalOf(name: string, tenant: string | undefined): Principal {
  return {
    ...{ name, tenant, operator: false, cores: undefined, methods: undefined },
    ...{ maxPriority: 5, maxPending: ENOUGH, budgetUsd: Number.POSITIVE_INFINITY },
  };
}
