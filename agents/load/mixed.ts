import { agentRun, drawAnswerTokens, drawRunLength, singleShot } from './agent-run.js';
import { poisson } from './arrivals.js';
import { exponential } from './distributions.js';
import { assemble, type Load, type LoadSize, type UnnamedRun } from './load.js';
import type { Random } from './random.js';

/** Agents from `first` to `last`, both included. */
interface AgentRange {
  readonly first: number;
  readonly last: number;
}

/** Calls that a batch sends at one moment. */
const BATCH_SIZE = 40;
/** Shares of the calls; agents that chat make the rest. */
const BATCHED = 0.2;
const STEPPED = 0.3;

/** Of ten agents one sends batches, two are multi-step agents, seven chat; they make 20, 30 and 50 % of the calls. */
export function mixed(random: Random, { agents, calls, rate }: LoadSize): Load {
  const last = agents - 1;
  const batchers = { first: 0, last: Math.max(0, Math.ceil(agents / 10) - 1) };
  const steppers = { first: Math.min(last, batchers.last + 1), last: Math.floor(0.3 * last) };
  const chatters = { first: Math.min(last, steppers.last + 1), last };
  const batched = Math.floor(calls * BATCHED);
  const stepped = Math.floor(calls * STEPPED);
  const size = (count: number) => ({ agents, calls: count, rate: (rate * count) / calls });
  return assemble(agents, [
    ...batches(random.stream('batches'), size(batched), batchers),
    ...agentRuns(random.stream('runs'), size(stepped), steppers),
    ...chats(random.stream('chats'), size(calls - batched - stepped), chatters),
  ]);
}

/** Multi-step runs until their calls are `calls`; the last one is cut short. */
export function agentRuns(random: Random, { calls, rate }: LoadSize, who: AgentRange): UnnamedRun[] {
  const runs: UnnamedRun[] = [];
  let at = 0;
  for (let left = calls; left > 0; ) {
    const steps = Math.min(left, drawRunLength(random));
    at += exponential(random, (1000 * steps) / rate);
    runs.push({ agent: random.int(who.first, who.last), at, calls: agentRun(random, steps) });
    left -= steps;
  }
  return runs;
}

function batches(random: Random, { calls, rate }: LoadSize, who: AgentRange): UnnamedRun[] {
  const times = poisson(random.stream('arrivals'), rate / BATCH_SIZE, Math.ceil(calls / BATCH_SIZE));
  return times.flatMap((at, i) => {
    const agent = random.int(who.first, who.last);
    const length = Math.min(BATCH_SIZE, calls - i * BATCH_SIZE);
    return Array.from({ length }, () => ({ agent, at, calls: [singleShot(random, drawAnswerTokens(random))] }));
  });
}

function chats(random: Random, { calls, rate }: LoadSize, who: AgentRange): UnnamedRun[] {
  return poisson(random.stream('arrivals'), rate, calls).map((at) => ({
    agent: random.int(who.first, who.last),
    at,
    calls: [singleShot(random, drawAnswerTokens(random))],
  }));
}
