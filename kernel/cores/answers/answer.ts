import type { ToolCall } from '../../../syscalls/chat-message.js';
import { type ChatParams, promptOf } from '../../../syscalls/llm-chat.js';
import { wholeLength } from '../../../syscalls/whole-text.js';
import { valueFor } from './json-value.js';
import type { Problem } from './problem.js';
import { type Solution, slipped } from './question.js';
import { nextTool, type ToolStep, toolResults } from './tool-step.js';

/** What a simulated model says: a text in one of several wordings, the longest first, a JSON text, or a call of a tool. */
export type Answer =
  | { readonly kind: 'text'; readonly wordings: readonly string[]; readonly isLine: boolean }
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'tool'; readonly call: ToolCall };

/** The draws of a model about a query: made only where the answer depends on them. */
export interface Draws {
  isRight(): boolean;
  /** Which of the wrong answers: from 0 up to 1. */
  slip(): number;
}

const UNKNOWN = ['I am a simulated model, so I have no answer to this.', 'I am a simulated model.', 'Simulated.'];
/** Most characters of a tool's result that are said again. */
const QUOTED = 2000;
const QUOTED_LINE = 200;

/**
 * What a model answers whose draws fall like this: the same for the same call.
 *
 * @param problem what the prompt asks for
 */
export function answerTo(params: ChatParams, problem: Problem | undefined, draws: Draws): Answer {
  const { solution, isLine = false } = problem ?? {};
  const results = toolResults(params);
  const value = solution && saidOf(solution, results, draws);
  const wordings = wordingsOf(solution, value, results);
  const sentence = wordings[0] ?? '';
  const step = nextTool(params, promptOf(params), {
    answer: value,
    sentence,
    expression: solution?.expression,
    results: results.length,
  });
  if (step !== undefined) return { kind: 'tool', call: callOf(step, params) };
  const { responseFormat = { type: 'text' } } = params;
  if (responseFormat.type === 'text') return { kind: 'text', wordings, isLine };
  const schema = responseFormat.type === 'json_schema' ? responseFormat.json_schema.schema : { type: 'object' };
  return { kind: 'json', text: JSON.stringify(valueFor(schema, { answer: value, sentence })) };
}

/** The id is the same wherever the call is answered; a later one in the conversation has another. */
function callOf({ name, args }: ToolStep, { messages }: ChatParams): ToolCall {
  const id = `call_${messages.length}_${name}`;
  return { id, type: 'function', function: { name, arguments: JSON.stringify(args) } };
}

/** The bare answer. Of a question that a tool has worked out it is the tool's result, which a wrong answer gets wrong. */
function saidOf(solution: Solution, results: readonly string[], { isRight, slip }: Draws): string {
  const result = solution.expression === undefined ? undefined : numberIn(results.at(-1));
  if (result === undefined) return isRight() ? solution.right : solution.wrong(slip());
  return isRight() ? result : slipped(result, slip());
}

function wordingsOf(
  solution: Solution | undefined,
  value: string | undefined,
  results: readonly string[],
): readonly string[] {
  if (solution !== undefined && value !== undefined) return [solution.sentence(value), value];
  if (results.length === 0) return UNKNOWN;
  const quote = results.join('\n').trim();
  return [`This is what I found: ${startOf(quote, QUOTED)}`, startOf(quote.split('\n')[0] ?? '', QUOTED_LINE)];
}

/** A result that is a number, bare, or the one member of a JSON object. */
function numberIn(result: string | undefined): string | undefined {
  const bare = result?.trim().replace(/^\{\s*"\w+"\s*:\s*"?|"?\s*\}$|^"|"$/g, '');
  return bare !== undefined && /^-?\d+(?:\.\d+)?$/.test(bare) ? bare : undefined;
}

function startOf(text: string, length: number): string {
  const start = text.slice(0, length);
  return start.slice(0, wholeLength(start));
}
