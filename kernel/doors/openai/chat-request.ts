import { show } from '../../../syscalls/protocol.js';
import { isObject, type Json } from '../../json.js';
import type { ChatRequest } from '../http/dialect.js';
import { filled, given, mapList, pick } from '../http/members.js';
import { unsupported } from '../http/request-fault.js';
import { chatMessages } from './chat-messages.js';
import { jsonSchemaFormat, labelsOf, toolSettings, verbosityOptions } from './common-members.js';

const KNOWN = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'user', 'safety_identifier', 'metadata'],
  ...['max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'stop', 'seed', 'n'],
  ...['presence_penalty', 'frequency_penalty', 'logprobs', 'top_logprobs', 'reasoning_effort', 'verbosity'],
  ...['tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'modalities'],
]);

/** What the kernel cannot do, and would be missed. */
const REFUSED = ['audio', 'web_search_options', 'functions', 'function_call'] as const;

/** `POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat/create */
export function readChat(body: Json): ChatRequest {
  refuse(body);
  const { tools, metadata, verbosity } = body;
  return {
    params: given({
      messages: chatMessages(body['messages']),
      maxTokens: body['max_completion_tokens'] ?? body['max_tokens'],
      temperature: body['temperature'],
      topP: body['top_p'],
      stop: filled(body['stop']),
      seed: body['seed'],
      presencePenalty: body['presence_penalty'],
      frequencyPenalty: body['frequency_penalty'],
      logprobs: body['logprobs'],
      topLogprobs: body['top_logprobs'],
      ...toolSettings({ ...body, tools: mapList(tools, chatTool) }),
      responseFormat: formatOf(body['response_format']),
      reasoningEffort: body['reasoning_effort'],
      metadata,
      providerOptions: verbosityOptions(verbosity),
      stream: body['stream'],
    }),
    ...labelsOf(body, KNOWN),
  };
}

function refuse(body: Json): void {
  const { n, modalities } = given(body);
  if (n !== undefined && n !== 1) throw unsupported('n', `Expected 1, got ${show(n)}`);
  if (Array.isArray(modalities) && modalities.some((mode) => mode !== 'text')) {
    throw unsupported('modalities', 'Expected text alone');
  }
  for (const name of REFUSED) {
    if (Object.hasOwn(given(body), name)) throw unsupported(name, 'The kernel does not support it');
  }
}

function chatTool(tool: unknown, at: number): unknown {
  if (!isObject(tool)) return tool;
  if (tool['type'] !== 'function')
    throw unsupported(`tools.${at}.type`, `Expected function, got ${show(tool['type'])}`);
  const fn = pick(tool['function'], ['name', 'description', 'parameters', 'strict']);
  return pick({ ...tool, function: fn }, ['type', 'function', 'cache_control']);
}

function formatOf(format: unknown): unknown {
  if (!isObject(format) || format['type'] !== 'json_schema') return pick(format, ['type']);
  return jsonSchemaFormat(format['json_schema'], 'response_format.json_schema');
}
