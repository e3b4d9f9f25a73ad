import { messageText } from '../../../syscalls/chat-message.js';
import type { ChatParams, ChatTool } from '../../../syscalls/llm-chat.js';
import { isObject, objectAt } from '../../json.js';
import { type Content, valueFor } from './json-value.js';

/** A call of a tool as a model decides on it. */
export interface ToolStep {
  readonly name: string;
  readonly args: unknown;
}

const CALCULATES = /calc|math|arithm|evaluat|expression/i;
const EXPRESSION_MEMBER = /expr|formula|input|query|sum|equation|calculation/i;
const READS = /read|file|document|open|folder|list/i;
const PATH_MEMBER = /path|file|name|folder/i;
/** Characters of a prompt in which names of files are looked for. */
const LOOKED_AT = 4000;
const FILE = /(?:^|[\s"'`(])((?:\.{0,2}\/)?(?:[\w-]+\/)*[\w-][\w.-]*\.[a-z]\w{1,7})(?=$|[\s"'`),:;?!]|\.(?:\s|$))/gi;
const FOLDER = /\b(?:which files|what files|list (?:the |all )?(?:files|folder|directory))\b/i;

/** What tools answered since the user spoke last, oldest first. */
export function toolResults({ messages }: ChatParams): readonly string[] {
  const spoke = messages.findLastIndex(({ role }) => role === 'user');
  return messages.slice(spoke + 1).flatMap((message) => (message.role === 'tool' ? [messageText(message)] : []));
}

/**
 * The tool that is to be called next, and with what: a calculator for a question that is an expression, a reader for each
 * file that the prompt names, in turn; where a call is demanded, any tool.
 *
 * @param expression what there is to work out
 */
export function nextTool(
  { tools = [], toolChoice = 'auto' }: ChatParams,
  prompt: string,
  content: Content & { readonly expression?: string | undefined; readonly results: number },
): ToolStep | undefined {
  if (tools.length === 0 || toolChoice === 'none') return undefined;
  const wanted = typeof toolChoice === 'object' ? toolChoice.function.name : undefined;
  const offered = wanted === undefined ? tools : tools.filter((tool) => tool.function.name === wanted);
  const isForced = toolChoice !== 'auto';
  const { expression, results } = content;
  if (expression !== undefined && (results === 0 || isForced)) {
    const step = callOf(offered, CALCULATES, EXPRESSION_MEMBER, expression, content) ?? binary(offered, expression);
    if (step !== undefined) return step;
  }
  const path = pathsIn(prompt)[results];
  const step = path === undefined ? undefined : callOf(offered, READS, PATH_MEMBER, path, content);
  if (step !== undefined || !isForced) return step;
  const [any] = offered;
  return any && { name: any.function.name, args: argumentsOf(any, content) };
}

/** A call of the first tool that says it does this and has a text member for it. */
function callOf(
  tools: readonly ChatTool[],
  does: RegExp,
  member: RegExp,
  value: string,
  content: Content,
): ToolStep | undefined {
  for (const tool of tools) {
    const { name, description = '' } = tool.function;
    if (!does.test(name) && !does.test(description)) continue;
    const texts = membersOf(tool, 'string');
    const key = texts.find((text) => member.test(text)) ?? (texts.length === 1 ? texts[0] : undefined);
    if (key !== undefined) return { name, args: { ...argumentsOf(tool, content), [key]: value } };
  }
  return undefined;
}

const OPERATIONS: Readonly<Record<string, RegExp>> = {
  '*': /multipl|product|times/i,
  '+': /add|sum|plus/i,
  '-': /subtract|minus|difference/i,
  '/': /divi|quotient/i,
};

/** A tool that does the one operation of an expression on two numbers: `multiply({ a: 17, b: 23 })`. */
function binary(tools: readonly ChatTool[], expression: string): ToolStep | undefined {
  const [, left, sign = '', right] = /^(-?[\d.]+)\s*([-+*/])\s*(-?[\d.]+)$/.exec(expression) ?? [];
  for (const tool of tools) {
    const numbers = [...membersOf(tool, 'number'), ...membersOf(tool, 'integer')];
    const [a, b] = numbers;
    if (a === undefined || b === undefined || numbers.length > 2) continue;
    if (OPERATIONS[sign]?.test(tool.function.name)) {
      return { name: tool.function.name, args: { [a]: Number(left), [b]: Number(right) } };
    }
  }
  return undefined;
}

function membersOf({ function: { parameters } }: ChatTool, type: string): readonly string[] {
  const properties = Object.entries(objectAt(parameters, 'properties'));
  return properties.filter(([, schema]) => isObject(schema) && schema['type'] === type).map(([key]) => key);
}

function argumentsOf({ function: { parameters = {} } }: ChatTool, content: Content): object {
  const { properties, required } = parameters as { properties?: unknown; required?: unknown };
  if (!isObject(properties)) return {};
  const needed = Array.isArray(required) ? required : [];
  const kept = Object.fromEntries(Object.entries(properties).filter(([key]) => needed.includes(key)));
  return Object(valueFor({ ...parameters, type: 'object', properties: kept }, content));
}

function pathsIn(prompt: string): readonly string[] {
  const text = prompt.slice(0, LOOKED_AT);
  const files = [...text.matchAll(FILE)].map(([, file = '']) => file);
  return files.length === 0 && FOLDER.test(text) ? ['.'] : [...new Set(files)];
}
