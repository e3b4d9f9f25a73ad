import type { Setting } from '../../../../syscalls/cores.js';
import { type FaultClass, SyscallError } from '../../../../syscalls/errors.js';
import type { Millis } from '../../../../syscalls/syscall.js';
import { isObject, type Json, textAt } from '../../../json.js';
import { CoreError, type Learnt } from '../../core.js';
import { retryAfterOf } from './retry-after.js';

/** Most characters of a provider's own message. */
const MAX_TEXT = 300;
/** An account without money does not get any in a few seconds. */
const QUOTA_PAUSE_MS = 60_000;

/** HTTP statuses that words in an error stand for: OpenAI's types and codes, Anthropic's types, Google's RPC codes. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  badrequesterror: 400,
  bad_request: 400,
  invalid_argument: 400,
  failed_precondition: 400,
  out_of_range: 400,
  invalid_prompt: 400,
  content_policy_violation: 400,
  content_filter: 400,
  context_length_exceeded: 400,
  string_above_max_length: 400,
  unsupported_parameter: 400,
  unsupported_value: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  unauthenticated: 401,
  unauthorized: 401,
  billing_error: 402,
  permission_error: 403,
  permission_denied: 403,
  not_found_error: 404,
  not_found: 404,
  model_not_found: 404,
  request_too_large: 413,
  unprocessable_entity: 422,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  ratelimiterror: 429,
  resource_exhausted: 429,
  insufficient_quota: 429,
  too_many_requests: 429,
  requests: 429,
  tokens: 429,
  api_error: 500,
  server_error: 500,
  internal: 500,
  internal_server_error: 500,
  unavailable: 503,
  service_unavailable: 503,
  timeout_error: 504,
  deadline_exceeded: 504,
  overloaded_error: 529,
  overloaded: 529,
};

const CONTEXT_OVERFLOW =
  /context[ _-]?(length|window|size)|maximum (context|prompt|number of tokens)|prompt is too long|too many (input )?tokens|input (token count|length|is too long)|exceeds? the (maximum|available|max) (number of |context )?(tokens|size|length)/i;
const NO_SUCH_MODEL =
  /\b(model|deployment)s?\b[^.]{0,160}\b(not (be )?(found|exist)|does(n't| not) exist|not have access|decommissioned|retired)|\b(unknown|invalid|no such|not a valid) model\b|\bmodel_not_found\b|no access to (the )?model/i;
const WRONG_KEY =
  /api[ _-]?key[^.]{0,20} (not valid|invalid|expired|missing|not found)|(invalid|incorrect|expired|missing) api[ _-]?key|\binvalid_api_key\b|\bAPI_KEY_INVALID\b/i;
const NO_MONEY =
  /insufficient[_ ](quota|balance|credit|funds)|credit balance|exceeded your current quota|billing|out of credits|payment required/i;
const MODERATION = /moderation|flagged|content[_ ](policy|filter)|safety/i;
const ABOUT_THE_CALL =
  /\b(parameters?|support(s|ed)?|tools?|tool use|images?|audio|files?|arguments?|fields?|response_format|previous|batch)\b/i;
const OVERLOADED = /overloaded|over capacity|at capacity|rate limit|too many requests/i;

/** Codes of Node for a certificate that is not trusted, or an answer that is no TLS at all. */
const TLS_FAULT = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/;

/** What errors of the SDK say about a stream. */
const STREAM_FAULTS: Readonly<Record<string, string>> = {
  AI_InvalidResponseDataError: 'The stream of the provider ended without its end mark',
  AI_JSONParseError: 'The stream of the provider holds broken JSON',
  AI_TypeValidationError: 'The stream of the provider holds an event of no known form',
};

/** A response that is no success. @param now on the kernel's clock: an HTTP date is compared with it */
export function faultOfResponse(status: number, headers: Headers, body: string, now: Millis): CoreError {
  const error = errorIn(body);
  const retryAfterMs = retryAfterOf(headers, error ?? {}, now);
  return faultOf(status, error ?? (isPage(body) ? {} : { message: body }), retryAfterMs);
}

/** An error that stands in an answer of status 200: it means what its status would have meant. */
export function faultInAnswer(error: Json): CoreError {
  const status = statusIn(error);
  const retryAfterMs = retryAfterOf(undefined, error, 0);
  return faultOf(status ?? 500, error, retryAfterMs, status === undefined ? 'with an error' : undefined);
}

/**
 * Anything else that a request throws.
 *
 * @param wasSent whether the request has left: what the SDK refuses before is the caller's fault
 */
export function faultOfThrown(thrown: unknown, wasSent: boolean): CoreError {
  const own = causesOf(thrown).find((cause) => cause instanceof CoreError);
  if (own !== undefined) return own;
  const refused = causesOf(thrown).find((cause) => cause instanceof SyscallError);
  if (refused !== undefined) return new CoreError('core-failed', refused.message, { class: 'provider' });
  const name = thrown instanceof Error && /^\w{1,60}$/.test(thrown.name) ? thrown.name : 'an error in the stream';
  if (!wasSent) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new CoreError('core-rejected', `The request cannot be put in the provider’s form: ${clip(text)}`, {
      class: 'request',
    });
  }
  if (Object.hasOwn(STREAM_FAULTS, name)) {
    return new CoreError('core-failed', STREAM_FAULTS[name] ?? name, { class: 'provider' });
  }
  const codes = causesOf(thrown).map((cause) => (isObject(cause) ? cause['code'] : undefined));
  const code = codes.find((code) => typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code));
  const faultClass = typeof code === 'string' && TLS_FAULT.test(code) ? 'config' : 'provider';
  return new CoreError('core-failed', `The request to the provider failed: ${code ?? name}`, { class: faultClass });
}

/** The stream broke off before its end mark. */
export function cutStream(): CoreError {
  return new CoreError('core-failed', 'The stream of the provider ended without its end mark', { class: 'provider' });
}

/**
 * The same fault without what a provider may repeat: secrets of the config, and what the call says.
 *
 * @param said the texts of the call
 */
export function withoutEchoes(fault: CoreError, secrets: readonly string[], said: string): CoreError {
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '[key]'), fault.message);
  const message = withoutRepeats(clean, said);
  if (message === fault.message) return fault;
  const { code, details, retryAfterMs, learnt } = fault;
  return new CoreError(code as 'core-failed', message, {
    class: details.class ?? 'provider',
    status: details.status,
    retryAfterMs,
    learnt,
  });
}

/** Characters in a row that do not stand in two texts by accident. */
const ECHO_CHARS = 16;
/** Most characters of a call that are searched. */
const SEARCHED_CHARS = 2 ** 18;

function withoutRepeats(message: string, said: string): string {
  const text = said.slice(0, SEARCHED_CHARS);
  let kept = '';
  for (let at = 0; at < message.length; ) {
    let end = at + ECHO_CHARS;
    if (end > message.length || !text.includes(message.slice(at, end))) {
      kept += message.charAt(at++);
      continue;
    }
    while (end < message.length && text.includes(message.slice(at, end + 1))) end++;
    kept += '[prompt]';
    at = end;
  }
  return kept;
}

function faultOf(status: number, error: Json, retryAfterMs: number | undefined, where?: string): CoreError {
  const text = messageOf(error);
  // What is quoted may be the caller's own words: they must not decide whose fault it is.
  const words = [...wordsOf(error), text.replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '""')].join(' ');
  const isOverflow = CONTEXT_OVERFLOW.test(words) && status !== 429;
  const faultClass = isOverflow ? 'request' : classOf(status, words, error);
  const isQuota = faultClass === 'overload' && (status === 402 || NO_MONEY.test(words));
  const message = `The provider answered ${where ?? `HTTP ${status}`}${text === '' ? '' : `: ${clip(text)}`}`;
  return new CoreError(faultClass === 'request' ? 'core-rejected' : 'core-failed', message, {
    class: faultClass,
    status: where === undefined ? status : undefined,
    retryAfterMs: retryAfterMs ?? (isQuota ? QUOTA_PAUSE_MS : undefined),
    learnt: faultClass === 'request' ? learntFrom(error, text, isOverflow) : {},
  });
}

function classOf(status: number, words: string, error: Json): FaultClass {
  if (status >= 300 && status < 400) return 'config';
  switch (status) {
    case 400:
      if (isAboutTheCall(words, error, false)) return 'request';
      if (NO_MONEY.test(words)) return 'overload';
      return WRONG_KEY.test(words) || NO_SUCH_MODEL.test(words) ? 'config' : 'request';
    case 401:
    case 405:
    case 407:
    case 410:
      return 'config';
    case 403:
      return MODERATION.test(words) ? 'request' : 'config';
    case 404:
      return isAboutTheCall(words, error, true) ? 'request' : 'config';
    case 402:
    case 425:
    case 429:
    case 529:
      return 'overload';
    case 408:
    case 409:
      return 'provider';
    default:
      if (status >= 500) return OVERLOADED.test(words) ? 'overload' : 'provider';
      return 'request';
  }
}

/**
 * Whether the error names a part of the call. A 404 says that the model or the address is wrong, or that something in the
 * call is not there: a file, support for a tool.
 */
function isAboutTheCall(words: string, error: Json, byWords: boolean): boolean {
  const param = textAt(error, 'param');
  if (param !== undefined && param !== 'model') return true;
  return byWords && ABOUT_THE_CALL.test(words) && !NO_SUCH_MODEL.test(words);
}

function learntFrom(error: Json, text: string, isOverflow: boolean): Learnt {
  if (isOverflow) {
    const contextWindow = windowIn(text);
    return contextWindow === undefined ? {} : { contextWindow };
  }
  const words = wordsOf(error).join(' ');
  const isUnsupported =
    /unsupported|not[ _]support|does(n't| not) support|unrecognized|unknown (parameter|field|name)/i;
  if (!isUnsupported.test(`${words} ${text}`)) return {};
  const named = textAt(error, 'param') ?? /['"`]([a-z_.[\]0-9]{2,40})['"`]/i.exec(text)?.[1] ?? '';
  const unsupported = SETTING_OF[named.split(/[.[]/)[0] ?? ''];
  if (unsupported !== undefined) return { unsupported };
  const input =
    /\b(image|audio|file)(_url|s)?\b[^.]{0,60}\bnot support|not support[^.]{0,40}\b(image|audio|file)/i.exec(text);
  const kind = (input?.[1] ?? input?.[3])?.toLowerCase();
  return kind === 'image' || kind === 'audio' || kind === 'file' ? { input: kind } : {};
}

/** Settings by their names at providers. */
const SETTING_OF: Readonly<Record<string, Setting>> = {
  temperature: 'temperature',
  top_p: 'topP',
  topP: 'topP',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  seed: 'seed',
  stop: 'stop',
  stop_sequences: 'stop',
  logprobs: 'logprobs',
  top_logprobs: 'logprobs',
  tools: 'tools',
  functions: 'tools',
  tool_choice: 'toolChoice',
  parallel_tool_calls: 'parallelToolCalls',
  response_format: 'responseFormat',
  output_config: 'responseFormat',
  reasoning_effort: 'reasoningEffort',
  reasoning: 'reasoningEffort',
  thinking: 'reasoningEffort',
};

/** The window that a message about an overflow names, as OpenAI, Anthropic, Google, vLLM and llama.cpp write it. */
function windowIn(text: string): number | undefined {
  const number = '([\\d][\\d,_]{2,10})';
  const forms = [
    `(?:maximum|max) context (?:length|window|size)(?: of this model)? (?:is|of) ${number}`,
    `> ${number} (?:tokens )?maximum`,
    `maximum number of tokens allowed \\(?${number}`,
    `(?:context (?:length|window|size)|available context size) (?:is|of)? ?\\(?${number}`,
    `limit (?:is|of) ${number} tokens`,
  ];
  for (const form of forms) {
    const found = new RegExp(form, 'i').exec(text)?.[1];
    if (found !== undefined) return Number(found.replaceAll(/[,_]/g, ''));
  }
  return undefined;
}

/** The status that an error in an answer stands for, by its code or by its words. */
function statusIn(error: Json): number | undefined {
  for (const key of ['code', 'status', 'status_code', 'statusCode', 'http_code']) {
    const status = Number(error[key]);
    if (Number.isInteger(status) && status >= 400 && status < 600) return status;
  }
  for (const word of wordsOf(error)) {
    const status = STATUS_OF[word.toLowerCase()];
    if (status !== undefined) return status;
  }
  return undefined;
}

function wordsOf(error: Json): string[] {
  return ['code', 'type', 'status', 'reason'].flatMap((key) => textAt(error, key) ?? []);
}

function messageOf(error: Json): string {
  const message = error['message'] ?? error['detail'] ?? error['msg'] ?? error['error'];
  if (typeof message === 'string') return message;
  return message === undefined ? '' : JSON.stringify(message);
}

/** The error of a body, in the forms of OpenAI, Anthropic, Google (also in a list), FastAPI and plain text. */
function errorIn(body: string): Json | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) value = value[0];
  if (!isObject(value)) return undefined;
  const { error } = value;
  if (isObject(error)) return error;
  return typeof error === 'string' ? { ...value, message: value['message'] ?? error } : value;
}

function isPage(body: string): boolean {
  return /^\s*</.test(body);
}

/** One line, without control characters and what looks like a key. */
function clip(text: string): string {
  const line = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '')
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, '$1 [key]')
    .replaceAll(/\b(sk|pk|rk|gsk|xai|key|ghp|hf|AIza|r8)[-_]?[\w-]{8,}/g, '[key]')
    .trim();
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT)}...`;
}

/** The thrown value and its causes, outermost first. The SDK wraps what the transport throws. */
function causesOf(thrown: unknown): readonly unknown[] {
  const causes = [thrown];
  const causeOf = (value: unknown) => (value instanceof Error ? value.cause : undefined);
  for (let cause = causeOf(thrown); cause !== undefined && causes.length < 8; cause = causeOf(cause)) {
    causes.push(cause);
  }
  return causes;
}
