import { z } from 'zod';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatMessage, ChatTool, ToolCall } from '../../syscalls/llm-chat.js';
import { describeIssue } from '../../syscalls/protocol.js';
import { wholeLength } from '../../syscalls/whole-text.js';

/** Longest result handed to a model, in characters. */
const MAX_RESULT = 65_536;

/** Something that a model can have done on this machine. */
export interface Tool {
  readonly definition: ChatTool;
  /** @param input the arguments as the model wrote them @throws Error whose message is for the model */
  run(input: string): Promise<string>;
}

interface ToolSpec<S extends z.ZodObject> {
  readonly name: string;
  /** For the model. */
  readonly description: string;
  readonly parameters: S;
  readonly run: (input: z.infer<S>) => string | Promise<string>;
}

/** A tool whose arguments are checked against its schema before it runs. */
export function defineTool<S extends z.ZodObject>({ name, description, parameters, run }: ToolSpec<S>): Tool {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters);
  return {
    definition: { type: 'function', function: { name, description, parameters: schema } },
    async run(input) {
      const given = parse(input);
      const decoded = parameters.safeParse(given);
      if (!decoded.success) throw new SyscallError('invalid-params', describeIssue(decoded.error, given, 'arguments'));
      return run(decoded.data);
    },
  };
}

/**
 * Does what a model asked for and makes it a message. Never rejects: models call tools that there are not and write
 * arguments that are not JSON, and can correct it if they receive the error.
 */
export async function answerToolCall(tools: readonly Tool[], call: ToolCall): Promise<ChatMessage> {
  return { role: 'tool', tool_call_id: call.id, content: await resultOf(tools, call) };
}

async function resultOf(tools: readonly Tool[], { function: { name, arguments: input } }: ToolCall): Promise<string> {
  const tool = tools.find(({ definition }) => definition.function.name === name);
  if (tool === undefined) {
    const names = tools.map(({ definition }) => definition.function.name).join(', ');
    return `Error: expected one of the tools ${names}, got ${JSON.stringify(name)}`;
  }
  try {
    const result = await tool.run(input);
    if (result.length <= MAX_RESULT) return result;
    const start = result.slice(0, MAX_RESULT);
    return `${start.slice(0, wholeLength(start))}\n[cut off]`;
  } catch (error) {
    return `Error: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function parse(input: string): unknown {
  try {
    // Models call a tool without parameters with an empty text.
    return input.trim() === '' ? {} : JSON.parse(input);
  } catch (cause) {
    throw new SyscallError('invalid-params', 'arguments: expected a JSON object', { cause });
  }
}
