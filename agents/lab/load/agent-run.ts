import type { ChatMessage } from '../../../syscalls/chat-message.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { exponential, gamma, logNormal } from './distributions.js';
import type { UnnamedCall } from './load.js';
import { readQuery, writeQuery } from './queries.js';
import type { Random } from './random.js';
import { AIRLINE_RUN, type LogNormalShape } from './run-shape.js';

/** Mean pauses before a call of a run. */
const TOOL_RUN_MS: Millis = 400;
const USER_REPLY_MS: Millis = 3000;

/** Ninety short answers to ten long ones. */
const LONG_SHARE = 0.1;
const SHORT_ANSWER: LogNormalShape = { mu: Math.log(60), sigma: 0.6 };
const LONG_ANSWER: LogNormalShape = { mu: Math.log(700), sigma: 0.4 };

/** Output tokens that a single call asks for. */
export function drawAnswerTokens(random: Random): number {
  return draw(random, random.next() < LONG_SHARE ? LONG_ANSWER : SHORT_ANSWER);
}

/** One call that stands alone: a query and nothing else. */
export function singleShot(random: Random, outputTokens: number, afterMs: Millis = 0): UnnamedCall {
  return planned([], writeQuery(random, outputTokens), afterMs);
}

/** How many calls a run makes. */
export function drawRunLength(random: Random): number {
  const { least, most, ...shape } = AIRLINE_RUN.calls;
  return Math.min(most, Math.max(least, Math.round(draw(random, shape))));
}

/**
 * A run of a tool-calling agent: each call sends the whole conversation so far, so input grows from call to call.
 * What the models and tools said is stand-in text of the fitted length; what is asked now is a query of its own.
 */
export function agentRun(random: Random, calls: number): UnnamedCall[] {
  const shape = AIRLINE_RUN;
  const history: ChatMessage[] = [{ role: 'system', content: standIn(shape.firstInputTokens) }];
  const plan: UnnamedCall[] = [];
  let afterTool = false;
  for (let step = 0; step < calls; step++) {
    const tool: boolean = step > 0 && random.next() < (afterTool ? shape.toolAfterTool : shape.toolAfterText);
    const outputTokens = draw(random, tool ? shape.toolCallTokens : shape.textTokens);
    const pause = step === 0 ? 0 : exponential(random, afterTool ? TOOL_RUN_MS : USER_REPLY_MS);
    plan.push(planned(history, writeQuery(random, outputTokens), pause));
    const { scale, shape: order } = shape.toolResultTokens;
    const added = tool ? gamma(random, order, scale) : draw(random, shape.userTokens);
    history.push({ role: 'assistant', content: standIn(outputTokens) }, { role: 'user', content: standIn(added) });
    afterTool = tool;
  }
  return plan;
}

function planned(history: readonly ChatMessage[], prompt: string, afterMs: Millis): UnnamedCall {
  const task = readQuery(prompt)?.family;
  const messages: ChatMessage[] = [...history, { role: 'user', content: prompt }];
  return { prompt, params: { messages, ...(task === undefined ? {} : { task }) }, afterMs };
}

function draw(random: Random, { mu, sigma }: LogNormalShape): number {
  return Math.max(1, Math.round(logNormal(random, mu, sigma)));
}

const WORDS = 'the order of item price user flight list total name date code value step next result check read'.split(
  ' ',
);

/** Text of about so many tokens: common words are one token each. */
function standIn(tokens: number): string {
  return Array.from({ length: Math.max(1, Math.round(tokens)) }, (_, i) => WORDS[(i * 7) % WORDS.length]).join(' ');
}
