import { isObject } from '../../json.js';
import { filled, mapList, pick, word } from '../http/members.js';

const COMMON = ['role', 'content', 'name', 'cache_control'] as const;
/** Members of each role that the kernel has a place for; SDKs send back more than that. */
const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['assistant', [...COMMON, 'refusal', 'tool_calls', 'reasoning_content', 'reasoning_details']],
  ['tool', [...COMMON, 'tool_call_id']],
]);

const PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['image_url', ['url', 'detail']],
  ['input_audio', ['data', 'format']],
  ['file', ['file_data', 'file_id', 'filename']],
]);

/** Messages of a chat completion as the ABI takes them. */
export function chatMessages(messages: unknown): unknown {
  return mapList(messages, (message) => {
    if (!isObject(message)) return message;
    const { content, tool_calls: calls, ...rest } = message;
    const all = { ...rest, content: contentOf(content), tool_calls: filled(mapList(calls, callOf)) };
    return pick(all, MEMBERS.get(word(message['role'])) ?? COMMON);
  });
}

function contentOf(content: unknown): unknown {
  return Array.isArray(content) && content.length === 0 ? '' : mapList(content, partOf);
}

function partOf(part: unknown): unknown {
  if (!isObject(part)) return part;
  const type = word(part['type']);
  const inner = PARTS.get(type);
  if (inner === undefined) return pick(part, ['type', type, 'cache_control']);
  return pick({ ...part, [type]: pick(part[type], inner) }, ['type', type, 'cache_control']);
}

function callOf(call: unknown): unknown {
  if (!isObject(call)) return call;
  const named = pick(call['function'], ['name', 'arguments']);
  return pick({ type: 'function', ...call, function: named }, ['id', 'type', 'function', 'extra_content']);
}
