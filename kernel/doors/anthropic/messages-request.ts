import { show } from '../../../syscalls/protocol.js';
import { isObject, type Json, objectAt, textAt } from '../../json.js';
import type { ChatRequest } from '../http/dialect.js';
import { filled, given, mapList, pick, unknownMembers, word } from '../http/members.js';
import { unsupported, wrong } from '../http/request-fault.js';

const KNOWN = new Set([
  ...['model', 'messages', 'system', 'max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences'],
  ...['tools', 'tool_choice', 'metadata', 'thinking', 'output_config', 'output_format'],
]);

const CHOICES: ReadonlyMap<string, string> = new Map([
  ['auto', 'auto'],
  ['any', 'required'],
  ['none', 'none'],
]);

/** Blocks that only their provider can read. */
const SKIPPED = new Set(['thinking', 'redacted_thinking']);

/** `POST /v1/messages`: https://docs.claude.com/en/api/messages */
export function readMessages(body: Json): ChatRequest {
  const { system, messages, tools, tool_choice: choice, thinking, top_k } = body;
  const list = filled(mapList(tools, toolOf));
  const settings = given({ thinking, top_k });
  return {
    params: given({
      messages: [...systemOf(system), ...messagesOf(messages)],
      maxTokens: body['max_tokens'],
      temperature: body['temperature'],
      topP: body['top_p'],
      stop: filled(body['stop_sequences']),
      tools: list,
      toolChoice: list === undefined || list === null ? undefined : choiceOf(choice),
      parallelToolCalls: objectAt(body, 'tool_choice')['disable_parallel_tool_use'] === true ? false : undefined,
      responseFormat: formatOf(objectAt(body, 'output_config')['format'] ?? body['output_format']),
      providerOptions: Object.keys(settings).length === 0 ? undefined : { anthropic: settings },
      stream: body['stream'],
    }),
    model: body['model'],
    agent: objectAt(body, 'metadata')['user_id'],
    task: objectAt(body, 'metadata')['task'],
    ignored: unknownMembers(body, KNOWN),
  };
}

function systemOf(system: unknown): readonly Json[] {
  if (system === undefined || system === null) return [];
  const content = mapList(system, (block) => pick(block, ['type', 'text', 'cache_control']));
  return Array.isArray(content) && content.length === 0 ? [] : [{ role: 'system', content }];
}

function messagesOf(messages: unknown): readonly Json[] {
  if (!Array.isArray(messages)) throw wrong('messages', 'a list', show(messages));
  return messages.flatMap((message: unknown, at) => {
    if (!isObject(message)) throw wrong(`messages.${at}`, 'a message', show(message));
    const { role, content } = message;
    if (role !== 'user' && role !== 'assistant') throw wrong(`messages.${at}.role`, 'user or assistant', show(role));
    if (typeof content === 'string') return [{ role, content }];
    if (!Array.isArray(content)) throw wrong(`messages.${at}.content`, 'a text or a list of blocks', show(content));
    const blocks = content.map((block: unknown, place) => {
      if (!isObject(block)) throw wrong(`messages.${at}.content.${place}`, 'a block', show(block));
      return { block, path: `messages.${at}.content.${place}` };
    });
    return role === 'user' ? userMessages(blocks) : [assistantOf(blocks)];
  });
}

interface Block {
  readonly block: Json;
  readonly path: string;
}

/** Results of tools are blocks here, and messages there: they come before what the user says. */
function userMessages(blocks: readonly Block[]): readonly Json[] {
  const results = blocks.filter(({ block }) => block['type'] === 'tool_result');
  const parts = blocks.filter(({ block }) => block['type'] !== 'tool_result').map(partOf);
  const tools = results.map(({ block, path }) => {
    const { tool_use_id: id, content = '', cache_control: mark } = block;
    const said = mapList(content, (inner, at) => {
      if (!isObject(inner)) throw wrong(`${path}.content.${at}`, 'a block', show(inner));
      return partOf({ block: inner, path: `${path}.content.${at}` });
    });
    return given({ role: 'tool', tool_call_id: id, content: filled(said) ?? '', cache_control: mark });
  });
  return parts.length === 0 && tools.length > 0 ? tools : [...tools, { role: 'user', content: filled(parts) ?? '' }];
}

function assistantOf(blocks: readonly Block[]): Json {
  const texts: Json[] = [];
  const calls: Json[] = [];
  for (const { block, path } of blocks) {
    if (SKIPPED.has(word(block['type']))) continue;
    if (block['type'] === 'tool_use') {
      const { id, name, input } = block;
      calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } });
    } else if (block['type'] === 'text') texts.push(pick(block, ['type', 'text', 'cache_control']) as Json);
    else throw wrong(`${path}.type`, 'text, tool_use or thinking', show(block['type']));
  }
  return given({ role: 'assistant', content: filled(texts) ?? '', tool_calls: filled(calls) });
}

function partOf({ block, path }: Block): Json {
  const mark = given({ cache_control: block['cache_control'] });
  switch (block['type']) {
    case 'text':
      return { type: 'text', text: block['text'], ...mark };
    case 'image':
      return { type: 'image_url', image_url: { url: urlOf(objectAt(block, 'source'), path) }, ...mark };
    case 'document':
      return { ...documentOf(block, path), ...mark };
    default:
      throw wrong(`${path}.type`, 'text, image, document or tool_result', show(block['type']));
  }
}

function urlOf(source: Json, path: string): unknown {
  if (source['type'] === 'url') return source['url'];
  if (source['type'] === 'base64') return `data:${word(source['media_type'])};base64,${word(source['data'])}`;
  throw wrong(`${path}.source.type`, 'base64 or url', show(source['type']));
}

function documentOf(block: Json, path: string): Json {
  const source = objectAt(block, 'source');
  if (source['type'] === 'text') return { type: 'text', text: source['data'] };
  if (source['type'] !== 'base64') throw wrong(`${path}.source.type`, 'base64 or text', show(source['type']));
  return { type: 'file', file: given({ file_data: urlOf(source, path), filename: textAt(block, 'title') }) };
}

function toolOf(tool: unknown, at: number): unknown {
  if (!isObject(tool)) return tool;
  const { type = 'custom', name, description, input_schema: parameters, strict, cache_control: mark } = tool;
  if (type !== 'custom') throw unsupported(`tools.${at}.type`, `Expected custom, got ${show(type)}`);
  const fn = given({ name, description, parameters, strict });
  return given({ type: 'function', function: fn, cache_control: mark });
}

function choiceOf(choice: unknown): unknown {
  if (choice === undefined || choice === null) return undefined;
  const type = isObject(choice) ? choice['type'] : undefined;
  if (isObject(choice) && type === 'tool') return { type: 'function', function: { name: choice['name'] } };
  const known = CHOICES.get(word(type));
  if (known === undefined) throw wrong('tool_choice.type', 'auto, any, tool or none', show(type));
  return known;
}

function formatOf(format: unknown): unknown {
  if (!isObject(format)) return undefined;
  if (format['type'] !== 'json_schema') throw wrong('output_config.format.type', 'json_schema', show(format['type']));
  return { type: 'json_schema', json_schema: { name: 'answer', schema: format['schema'], strict: true } };
}
