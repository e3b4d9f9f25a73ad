import type { Millis } from '../../../syscalls/syscall.js';
import { agentRun, drawAnswerTokens, drawRunLength, singleShot } from './agent-run.js';
import { poissonWithin } from './arrivals.js';
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
  const window = (1000 * calls) / rate;
  return assemble(agents, [
    ...batches(random.stream('batches'), batched, window, batchers),
    ...agentRuns(random.stream('runs'), stepped, window, steppers),
    ...chats(random.stream('chats'), calls - batched - stepped, window, chatters),
  ]);
}

/** Multi-step runs that begin within the window, until their calls are `calls`; the last one is cut short. */
export function agentRuns(random: Random, calls: number, window: Millis, who: AgentRange): UnnamedRun[] {
  const lengths: number[] = [];
  for (let left = calls; left > 0; left -= lengths.at(-1) ?? 0) lengths.push(Math.min(left, drawRunLength(random)));
  return startsOf(random, window, lengths.length).map((at, i) => ({
    agent: random.int(who.first, who.last),
    at,
    calls: agentRun(random, lengths[i] as number),
  }));
}

function batches(random: Random, calls: number, window: Millis, who: AgentRange): UnnamedRun[] {
  return startsOf(random, window, Math.ceil(calls / BATCH_SIZE)).flatMap((at, i) => {
    const agent = random.int(who.first, who.last);
    const length = Math.min(BATCH_SIZE, calls - i * BATCH_SIZE);
    return Array.from({ length }, () => ({ agent, at, calls: [singleShot(random, drawAnswerTokens(random))] }));
  });
}

function chats(random: Random, calls: number, window: Millis, who: AgentRange): UnnamedRun[] {
  return startsOf(random, window, calls).map((at) => ({
    agent: random.int(who.first, who.last),
    at,
    calls: [singleShot(random, drawAnswerTokens(random))],
  }));
}

function startsOf(random: Random, window: Millis, count: number): Millis[] {
  return poissonWithin(random.stream('arrivals'), window, count);
}
