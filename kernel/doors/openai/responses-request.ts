import { show } from '../../../syscalls/protocol.js';
import { isObject, type Json, objectAt } from '../../json.js';
import type { ChatRequest } from '../http/dialect.js';
import { given, mapList, pick, word } from '../http/members.js';
import { unsupported, wrong } from '../http/request-fault.js';
import { jsonSchemaFormat, labelsOf, toolSettings, verbosityOptions } from './common-members.js';

const KNOWN = new Set([
  ...['model', 'input', 'instructions', 'stream', 'user', 'safety_identifier', 'metadata', 'max_output_tokens'],
  ...['temperature', 'top_p', 'tools', 'tool_choice', 'parallel_tool_calls', 'text', 'reasoning', 'background'],
]);

const NOTHING_STORED = 'Nothing is stored here: send the whole conversation as `input`';
const STORED = ['previous_response_id', 'conversation', 'prompt'] as const;

/** Items that are left out: what they hold is stored elsewhere, or only their provider can read it. */
const SKIPPED = new Set(['reasoning', 'item_reference']);

/** `POST /v1/responses`, without anything stored: https://platform.openai.com/docs/api-reference/responses/create */
export function readResponse(body: Json): ChatRequest {
  for (const name of STORED) if (Object.hasOwn(given(body), name)) throw unsupported(name, NOTHING_STORED);
  if (body['background'] === true) throw unsupported('background', NOTHING_STORED);
  const { tools, metadata, text } = body;
  const effort = objectAt(body, 'reasoning')['effort'];
  const { verbosity } = objectAt(body, 'text');
  return {
    params: given({
      messages: messagesOf(body),
      maxTokens: body['max_output_tokens'],
      temperature: body['temperature'],
      topP: body['top_p'],
      ...toolSettings({
        tools: mapList(tools, toolOf),
        tool_choice: choiceOf(body['tool_choice']),
        parallel_tool_calls: body['parallel_tool_calls'],
      }),
      responseFormat: isObject(text) ? formatOf(text['format']) : undefined,
      reasoningEffort: effort,
      metadata,
      providerOptions: verbosityOptions(verbosity),
      stream: body['stream'],
    }),
    ...labelsOf(body, KNOWN),
  };
}

function messagesOf({ instructions, input }: Json): unknown {
  const head = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  if (typeof input === 'string') return [...head, { role: 'user', content: input }];
  if (!Array.isArray(input)) throw wrong('input', 'a text or a list of items', show(input));
  return [...head, ...joined(input.flatMap((item, at) => itemOf(item, `input.${at}`)))];
}

/** An answer and its tool calls are items of their own here, and one message there. */
function joined(messages: readonly Json[]): readonly Json[] {
  const list: Json[] = [];
  for (const message of messages) {
    const last = list.at(-1);
    const calls = message['tool_calls'];
    if (last?.['role'] === 'assistant' && message['role'] === 'assistant' && Array.isArray(calls)) {
      const before = Array.isArray(last['tool_calls']) ? last['tool_calls'] : [];
      list[list.length - 1] = { ...last, tool_calls: [...before, ...calls] };
    } else list.push(message);
  }
  return list;
}

function itemOf(item: unknown, path: string): readonly Json[] {
  if (!isObject(item)) throw wrong(path, 'an item', show(item));
  const type = item['type'] ?? 'message';
  if (SKIPPED.has(word(type))) return [];
  switch (type) {
    case 'message':
      return [{ role: item['role'], content: contentOf(item['content'], `${path}.content`) }];
    case 'function_call': {
      const { call_id: id, name, arguments: text } = item;
      const call = { id, type: 'function', function: { name, arguments: text } };
      return [{ role: 'assistant', content: null, tool_calls: [call] }];
    }
    case 'function_call_output': {
      const content = contentOf(item['output'], `${path}.output`);
      return [{ role: 'tool', tool_call_id: item['call_id'], content }];
    }
    default:
      throw wrong(`${path}.type`, 'message, function_call or function_call_output', show(type));
  }
}

function contentOf(content: unknown, path: string): unknown {
  if (Array.isArray(content) && content.length === 0) return '';
  return mapList(content, (part, at) => partOf(part, `${path}.${at}`));
}

function partOf(part: unknown, path: string): Json {
  if (!isObject(part)) throw wrong(path, 'a part', show(part));
  const { type, text, image_url: url, detail, refusal } = part;
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text };
    case 'refusal':
      return { type: 'refusal', refusal };
    case 'input_image':
      return { type: 'image_url', image_url: given({ url, detail }) };
    case 'input_file':
      return { type: 'file', file: pick(part, ['file_data', 'file_id', 'filename']) };
    default:
      throw wrong(`${path}.type`, 'input_text, input_image, input_file, output_text or refusal', show(type));
  }
}

function toolOf(tool: unknown, at: number): unknown {
  if (!isObject(tool)) return tool;
  if (tool['type'] !== 'function')
    throw unsupported(`tools.${at}.type`, `Expected function, got ${show(tool['type'])}`);
  return { type: 'function', function: pick(tool, ['name', 'description', 'parameters', 'strict']) };
}

function choiceOf(choice: unknown): unknown {
  if (!isObject(choice) || choice['type'] !== 'function') return choice;
  return { type: 'function', function: { name: choice['name'] } };
}

function formatOf(format: unknown): unknown {
  if (!isObject(format) || format['type'] !== 'json_schema') return pick(format, ['type']);
  return jsonSchemaFormat(format, 'text.format');
}
