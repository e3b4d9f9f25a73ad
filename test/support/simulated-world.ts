import { knownOutcomes } from '../../agents/lab/records/known-outcomes.js';
import { VirtualClock } from '../../kernel/clock.js';
import { defaultConfig } from '../../kernel/config/default-config.js';
import type { CoreRun, LLMCore } from '../../kernel/cores/core.js';
import { hashedItems, passProbability } from '../../kernel/cores/item-response.js';
import { type SimulatedConfig, simulatedConfig, simulatedCore } from '../../kernel/cores/simulated.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Prediction, Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { uniform } from '../../schedulers/uniform.js';
import { SyscallError } from '../../syscalls/errors.js';
import { type ChatReply, promptOf } from '../../syscalls/llm-chat.js';
import type { Millis } from '../../syscalls/syscall.js';
import { ask, kernelOn, spawnOn } from './kernel.js';

/** The five cores of the default config. Nobody follows their text, so that a call takes two timers and not one a chunk. */
export const SIMULATED: readonly SimulatedConfig[] = defaultConfig().cores.map((core) =>
  simulatedConfig.parse({ ...core, chunkMs: 0 }),
);

/** How one call of a run ended. */
export interface Ended {
  readonly number: number;
  /** Undefined: without an answer. */
  readonly reply: ChatReply | undefined;
  readonly code: string | undefined;
  /** 1 = right; 0 without an answer. */
  readonly score: number;
}

export interface Played {
  /** In order of their end. */
  readonly calls: readonly Ended[];
  /** Starts above the cap of a core, as the cores themselves saw them. */
  readonly overCap: number;
  readonly kernel: Kernel;
}

export interface Play {
  readonly seed: number;
  readonly policy: SchedulerPolicy | string;
  readonly calls: number;
  /** Poisson arrivals a second. */
  readonly rate: number;
  readonly cores?: readonly SimulatedConfig[];
  /** What the calls ask for beside their text. @param draw of this call alone */
  readonly more?: (number: number, draw: () => number) => Record<string, unknown>;
  /** Whether answers are rated. */
  readonly rated?: boolean;
}

/** Plays calls against simulated cores through the whole kernel, in virtual time. The same seed sends the same calls. */
export async function playSimulated(play: Play): Promise<Played> {
  const { seed, policy, calls, rate, cores = SIMULATED, more = () => ({}), rated = true } = play;
  const clock = new VirtualClock();
  const witnesses = cores.map((core) => new Witness(simulatedCore(core, { clock, seed, env: {} })));
  const known = await knownOutcomes(cores, { seed });
  const limits = { pendingPerAgent: calls, pendingTotal: calls };
  const kernel = kernelOn(clock, witnesses, { policy, limits });
  await clock.runUntil(kernel.ready());
  const { session } = await spawnOn(kernel);
  const ended: Ended[] = [];
  const draw = uniform(seed);
  const send = async (number: number) => {
    const params = ask(`seed ${seed}, call ${number}`, more(number, uniform(seed * 1_000_003 + number)));
    try {
      const reply = await session.call('llm.chat', params);
      const score = known(reply.core, params, reply.usage.inputTokens)?.score ?? Number.NaN;
      ended.push({ number, reply, code: undefined, score });
      if (rated) await session.call('syscall.feedback', { syscallId: reply.syscallId, quality: score });
    } catch (error) {
      ended.push({ number, reply: undefined, code: SyscallError.from(error).code, score: 0 });
    }
  };
  const sent: Promise<void>[] = [];
  for (let number = 0; number < calls; number++) {
    sent.push(send(number));
    await passOf(clock, (-Math.log(1 - draw()) * 1000) / rate);
  }
  await clock.runUntil(Promise.all(sent));
  return { calls: ended, overCap: witnesses.reduce((sum, { overCap }) => sum + overCap, 0), kernel };
}

function passOf(clock: VirtualClock, ms: Millis): Promise<void> {
  return clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve)));
}

/** Counts its own calls in flight. */
class Witness implements LLMCore {
  readonly #inner: LLMCore;
  #inFlight = 0;
  overCap = 0;

  constructor(inner: LLMCore) {
    this.#inner = inner;
  }

  get info() {
    return this.#inner.info;
  }

  async chat(request: Parameters<LLMCore['chat']>[0], run: CoreRun) {
    if (++this.#inFlight > this.info.cap) this.overCap++;
    try {
      return await this.#inner.chat(request, run);
    } finally {
      this.#inFlight--;
    }
  }
}

export type Belief = 'right' | 'random' | 'constant' | 'inverted';

/** Predicts simulated cores: rightly, as well as a text can tell, or wrongly in one of several ways. */
export function simulatedPredictor(belief: Belief, cores: readonly SimulatedConfig[] = SIMULATED): Predictor {
  const draw = uniform(99);
  const byId = new Map(cores.map((core) => [core.id, core]));
  return {
    predict: async (calls, infos) =>
      calls.map(({ params, inputTokens }) =>
        infos.map(({ id, price }): Prediction => {
          const core = byId.get(id) as SimulatedConfig;
          const right = passProbability(core, hashedItems(promptOf(params)));
          const quality = { right, random: draw(), constant: 0.6, inverted: 1 - right }[belief];
          const { median, spread } = core.answerTokens;
          const tokensMean = median * Math.exp(spread ** 2 / 2);
          const costMean = (inputTokens * price.inputPerMTok + tokensMean * price.outputPerMTok) / 1e6;
          const tokensP90 = median * Math.exp(1.2816 * spread);
          return {
            quality,
            tokensMean,
            tokensP90,
            costMean,
            source: 'trained',
            nEffective: 0,
            similarity: null,
            ratings: 0,
            reliability: 1,
          };
        }),
      ),
    finished() {},
    rated() {},
    close: async () => {},
  };
}
