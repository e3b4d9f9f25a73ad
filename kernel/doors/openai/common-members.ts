import { show } from '../../../syscalls/protocol.js';
import { isObject, type Json, objectAt } from '../../json.js';
import type { ChatRequest } from '../http/dialect.js';
import { filled, pick, unknownMembers, word } from '../http/members.js';
import { wrong } from '../http/request-fault.js';

const TIERS: ReadonlyMap<string, number> = new Map([
  ['flex', 0],
  ['default', 4],
  ['priority', 9],
]);

/** Who asks for what, and how urgently: the same members in both APIs. @param known members that have a place */
export function labelsOf(body: Json, known: ReadonlySet<string>): Omit<ChatRequest, 'params'> {
  const priority = priorityOf(body);
  const metadata = objectAt(body, 'metadata');
  return {
    model: body['model'],
    agent: body['user'] ?? body['safety_identifier'] ?? metadata['agent'],
    task: metadata['task'],
    priority,
    ignored: unknownMembers(body, priority === undefined ? known : new Set([...known, 'service_tier'])),
  };
}

/** What `service_tier` means here; undefined for one that means nothing. */
function priorityOf({ service_tier: tier }: Json): number | undefined {
  return TIERS.get(word(tier));
}

/** How much a model of OpenAI's own says. */
export function verbosityOptions(verbosity: unknown): Json | undefined {
  return verbosity === undefined || verbosity === null ? undefined : { openai: { verbosity } };
}

/** Settings of tools. Clients send some of them without tools, where they mean nothing. */
export function toolSettings({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Json): Json {
  const list = filled(tools);
  if (list !== undefined && list !== null) return { tools: list, toolChoice: choice, parallelToolCalls: parallel };
  return choice === 'auto' || choice === 'none' ? {} : { toolChoice: choice };
}

/** A format of the answer that a JSON Schema describes. @param path for messages */
export function jsonSchemaFormat(format: unknown, path: string): Json {
  if (!isObject(format)) throw wrong(path, 'an object', show(format));
  return { type: 'json_schema', json_schema: pick(format, ['name', 'description', 'schema', 'strict']) };
}
