import { type ErrorCode, SyscallError } from '../../../syscalls/errors.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';
import { show } from '../../../syscalls/protocol.js';
import { isObject, type Json, listAt, objectAt, textAt } from '../../json.js';
import type { Answer, ChatRequest, Dialect } from '../http/dialect.js';
import { filled, given, mapList, pick, word } from '../http/members.js';
import { RequestFault, statusOf, wrong } from '../http/request-fault.js';
import { chatMessages } from '../openai/chat-messages.js';

const QUERY = ['agent_name', 'query_type', 'query_data'] as const;
/** Kinds of queries to parts of AIOS that this kernel does not have. */
const OTHER_QUERIES = new Set(['memory', 'storage', 'tool']);
const ACTIONS = new Set(['chat', 'chat_with_json_output', 'chat_with_tool_call_output']);
const OTHER_ACTIONS = new Set(['call_tool', 'operate_file']);

/** Errors that come before there is a query: these have an HTTP status. */
const OUTSIDE: ReadonlySet<ErrorCode> = new Set(['unauthorized', 'forbidden', 'draining', 'parse-error']);

/**
 * The kernel call of AIOS (https://github.com/agiresearch/AIOS, `runtime/launch.py`): a call that fails is an answer with `error` in
 * it, and only a body that is no query has an HTTP status.
 */
export const queryDialect: Dialect = {
  read: readQuery,
  reply: (reply) => ({ status: 200, body: answerOf(reply) }),
  error: errorOf,
  events() {
    throw new SyscallError('invalid-request', 'A query has no stream');
  },
  beat: '',
};

/** A body that is no query. */
class NoQuery extends RequestFault {}

function readQuery(body: Json): ChatRequest {
  const { agent_name: agent, query_type: type, query_data: data } = body;
  const missing = QUERY.find((name) => !Object.hasOwn(given(body), name));
  if (missing !== undefined) throw new NoQuery(`${missing}: Expected a value, but it is missing`, { param: missing });
  if (OTHER_QUERIES.has(word(type))) throw absent(`The kernel has no ${word(type)}: it schedules calls to models`);
  if (type !== 'llm') throw new NoQuery(`query_type: Expected llm, got ${show(type)}`, { param: 'query_type' });
  if (!isObject(data)) throw new NoQuery(`query_data: Expected an object, got ${show(data)}`, { param: 'query_data' });
  const action = data['action_type'] ?? 'chat';
  if (OTHER_ACTIONS.has(word(action)))
    throw absent(`The kernel has no ${word(action)}: agents call their tools themselves`);
  if (!ACTIONS.has(word(action))) throw wrong('action_type', [...ACTIONS].join(', '), show(action));
  const wantsJson = action === 'chat_with_json_output' || data['message_return_type'] === 'json';
  return {
    params: given({
      messages: chatMessages(data['messages']),
      tools: filled(mapList(data['tools'], toolOf)),
      temperature: data['temperature'],
      maxTokens: data['max_new_tokens'],
      responseFormat: data['response_format'] ?? (wantsJson ? { type: 'json_object' } : undefined),
    }),
    model: listAt(data, 'llms').map((llm) => textAt(llm, 'name') ?? llm),
    agent,
    ignored: [],
  };
}

function absent(message: string): RequestFault {
  return new RequestFault(message, { code: 'invalid-request', status: 501 });
}

function toolOf(tool: unknown): unknown {
  if (!isObject(tool)) return tool;
  const fn = isObject(tool['function']) ? objectAt(tool, 'function') : tool;
  return { type: 'function', function: pick(fn, ['name', 'description', 'parameters', 'strict']) };
}

function answerOf(reply: ChatReply): object {
  const { text, toolCalls, times } = reply;
  const { accepted, started, ended } = times;
  const calls = toolCalls.map(({ id, function: { name, arguments: written } }) => ({
    id,
    name,
    parameters: parametersOf(written),
    type: 'function',
  }));
  const response = responseOf({ response_message: text, tool_calls: calls.length === 0 ? null : calls });
  return {
    response,
    start_times: [started / 1000],
    end_times: [ended / 1000],
    waiting_times: [(started - accepted) / 1000],
    turnaround_times: [(ended - accepted) / 1000],
  };
}

function responseOf(members: object): object {
  return {
    response_class: 'llm',
    response_message: null,
    tool_calls: null,
    finished: true,
    error: null,
    status_code: 200,
    ...members,
  };
}

function errorOf(error: SyscallError): Answer {
  const { message } = error;
  if (error instanceof NoQuery || error.code === 'parse-error') return { status: 422, body: { detail: message } };
  const status = statusOf(error);
  if (OUTSIDE.has(error.code) || status === 413) return { status, body: { detail: message } };
  const times = { start_times: [], end_times: [], waiting_times: [], turnaround_times: [] };
  return { status: 200, body: { response: responseOf({ error: message, status_code: status }), ...times } };
}

function parametersOf(written: string): unknown {
  try {
    const value: unknown = JSON.parse(written === '' ? '{}' : written);
    if (isObject(value)) return value;
  } catch {
    // Goes out as it is, below.
  }
  return { arguments: written };
}
