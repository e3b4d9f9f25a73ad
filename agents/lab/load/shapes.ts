import type { Millis } from '../../../syscalls/syscall.js';
import { drawAnswerTokens, singleShot } from './agent-run.js';
import { bursts, poisson } from './arrivals.js';
import { exponential } from './distributions.js';
import { flood } from './flood.js';
import { assemble, type Load, type LoadSize, type UnnamedRun } from './load.js';
import { agentRuns, mixed } from './mixed.js';
import type { Random } from './random.js';

interface LoadShape {
  readonly about: string;
  /** `arrivals`: calls have times of their own and can be sped up; `agents`: replies set the pace. */
  readonly pace: 'arrivals' | 'agents';
  draw(random: Random, size: LoadSize): Load;
}

/** Every synthetic load by name. A new one is a row here. */
export const LOAD_SHAPES = {
  mixed: { about: 'chats, batches and multi-step agents, short and long answers', pace: 'arrivals', draw: mixed },
  open: {
    about: 'single calls, Poisson arrivals',
    pace: 'arrivals',
    draw: (random, size) => singles(random, size, poisson(random, size.rate, size.calls)),
  },
  bursts: {
    about: 'single calls, in bursts of twice the mean rate',
    pace: 'arrivals',
    draw: (random, size) => singles(random, size, bursts(random, size.rate, size.calls)),
  },
  closed: { about: 'each agent asks, waits for the answer, thinks', pace: 'agents', draw: closed },
  runs: {
    about: 'multi-step agents whose input grows from call to call',
    pace: 'arrivals',
    draw: (random, { agents, calls, rate }) =>
      assemble(agents, agentRuns(random, calls, (1000 * calls) / rate, { first: 0, last: agents - 1 })),
  },
  flood: { about: '300 long calls of one agent at once, then 20 short ones of another', pace: 'agents', draw: flood },
} as const satisfies Record<string, LoadShape>;

export type LoadName = keyof typeof LOAD_SHAPES;

const THINK_MS: Millis = 5000;

function singles(random: Random, { agents }: LoadSize, times: readonly Millis[]): Load {
  const who = random.stream('agents');
  const what = random.stream('queries');
  const runs = times.map((at) => ({
    agent: who.int(0, agents - 1),
    at,
    calls: [singleShot(what, drawAnswerTokens(what))],
  }));
  return assemble(agents, runs);
}

function closed(random: Random, { agents, calls }: LoadSize): Load {
  const runs = Array.from({ length: agents }, (_, agent): UnnamedRun => {
    const own = random.stream(agent);
    const share = Math.floor(calls / agents) + (agent < calls % agents ? 1 : 0);
    const plan = Array.from({ length: share }, (_, i) =>
      singleShot(own, drawAnswerTokens(own), i === 0 ? 0 : exponential(own, THINK_MS)),
    );
    return { agent, at: own.next() * THINK_MS, calls: plan };
  });
  return assemble(agents, runs);
}
