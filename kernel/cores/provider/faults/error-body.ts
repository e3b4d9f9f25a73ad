import { isObject, type Json, listAt, textAt } from '../../../json.js';

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

/** The status that an error in an answer stands for, by its code or by its words. */
export function statusIn(error: Json): number | undefined {
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

/** A longer text is no word. */
const MAX_WORD = 128;

export function wordsOf(error: Json): string[] {
  return ['code', 'type', 'status', 'reason'].flatMap((key) => textAt(error, key)?.slice(0, MAX_WORD) ?? []);
}

export function messageOf(error: Json): string {
  const [first] = listAt(error, 'errors');
  const message =
    error['message'] ??
    error['detail'] ??
    error['msg'] ??
    error['error'] ??
    (isObject(first) ? first['message'] : undefined);
  if (typeof message === 'string') return message;
  return message === undefined ? '' : JSON.stringify(message);
}

/** The error of a body, in the forms of OpenAI, Anthropic, Google (also in a list), FastAPI and plain text. */
export function errorIn(body: string): Json | undefined {
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

export function isPage(body: string): boolean {
  return /^\s*</.test(body);
}
