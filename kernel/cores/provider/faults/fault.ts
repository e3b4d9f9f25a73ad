import { type FaultClass, SyscallError } from '../../../../syscalls/errors.js';
import type { Millis } from '../../../../syscalls/syscall.js';
import { isObject, type Json, textAt } from '../../../json.js';
import { CoreError } from '../../core.js';
import { errorIn, isPage, messageOf, statusIn, wordsOf } from './error-body.js';
import { learntFrom } from './learnt.js';
import { retryAfterOf } from './retry-after.js';

/** A path into the call, such as `tools[0].function.name`: its names are the caller's. */
const PATH =
  /[\w$*-]+(?:\.[\w$*-]+|\[[^\]]*\])*(?:\[[^\]]*\]|\.(?:\d+|properties|items|input_schema|parameters)\b)(?:\.[\w$*-]+|\[[^\]]*\])*/g;
/** Most characters of a provider's own message. */
const MAX_TEXT = 300;
/** Most characters of it that are searched: some expressions take the square of them. */
const MAX_SEARCHED = 2048;
/** An account without money does not get any in a few seconds. */
const QUOTA_PAUSE_MS = 60_000;

const CONTEXT_OVERFLOW =
  /context[ _-]?(length|window|size)|maximum (context|prompt|number of tokens)|prompt is too long|too many (input )?tokens|input (token count|length|is too long)|exceeds? the (maximum|available|max) (number of |context )?(tokens|size|length)/i;
const NO_SUCH_MODEL =
  /\b(model|deployment)s?\b(?:[^.]|\.(?=\S)){0,160}\b(not (be )?(found|exist)|does(n't| not) exist|not have access|decommissioned|retired)|\bmodel (identifier|id|name) is (invalid|not valid)|\b(unknown|invalid|no such|not a valid) model\b|\bmodel_not_found\b|no access to (the )?model/i;
const WRONG_KEY =
  /api[ _-]?key[^.]{0,20} (not valid|invalid|expired|missing|not found)|(invalid|incorrect|expired|missing) api[ _-]?key|\binvalid_api_key\b|\bAPI_KEY_INVALID\b/i;
const NO_MONEY =
  /insufficient[_ ](quota|balance|credit|funds)|credit balance|exceeded your current quota|billing[_ ](account|hard|details|not|error|is)|out of credits|payment required/i;
const MODERATION = /moderation|flagged|content[_ ](policy|filter)|safety/i;
const ABOUT_THE_CALL =
  /\b(parameters?|support(s|ed)?|tools?|tool use|images?|audio|files?|arguments?|fields?|response_format|previous|batch)\b/i;
/** The call asks for more than the account can ever give at once. */
const TOO_MUCH = /fewer max_tokens|can only afford|request too large/i;
/** A file, cache or address of the caller's, which the key may not read. */
const CALLERS_OWN = /\b(files?|cached ?content|caches?|urls?|images?|documents?)\b/i;
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

/** A fault of a call with members of its own in the body: what looks like a wrong config may be of them. */
export function asCallers(fault: CoreError): CoreError {
  const { class: faultClass, status } = fault.details;
  if (faultClass !== 'config' || status === 401) return fault;
  return new CoreError('core-rejected', fault.message, { class: 'request', status });
}

/** The same fault with a pause of at most so long: a provider must not decide for how long a core is closed. */
export function withPauseAtMost(fault: CoreError, maxPauseMs: Millis): CoreError {
  const { code, message, details, retryAfterMs, learnt } = fault;
  if (retryAfterMs === undefined || retryAfterMs <= maxPauseMs) return fault;
  const { class: faultClass = 'provider', status } = details;
  return new CoreError(code as 'core-failed', message, {
    ...{ class: faultClass, status, learnt },
    retryAfterMs: maxPauseMs,
  });
}

/** The stream broke off before its end mark. */
export function cutStream(): CoreError {
  return new CoreError('core-failed', 'The stream of the provider ended without its end mark', { class: 'provider' });
}

function faultOf(status: number, error: Json, retryAfterMs: number | undefined, where?: string): CoreError {
  const text = messageOf(error).slice(0, MAX_SEARCHED);
  // What is quoted may be the caller's own words: they must not decide whose fault it is.
  const own = text
    .replace(/^\{'error': ['"]/, '')
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '""')
    .replaceAll(PATH, '""');
  const words = [...wordsOf(error), own].join(' ');
  const isOverflow = CONTEXT_OVERFLOW.test(words) && status !== 429;
  const faultClass = isOverflow ? 'request' : classOf(status, words, error);
  const isQuota = faultClass === 'overload' && (status === 402 || NO_MONEY.test(words));
  const message = `The provider answered ${where ?? `HTTP ${status}`}${text === '' ? '' : `: ${clip(text)}`}`;
  // The provider has held the answer to its format itself, and it broke it.
  const isBroken = wordsOf(error).includes('json_validate_failed');
  return new CoreError(
    isBroken ? 'invalid-output' : faultClass === 'request' ? 'core-rejected' : 'core-failed',
    message,
    {
      class: faultClass,
      status: where === undefined ? status : undefined,
      retryAfterMs: retryAfterMs ?? (isQuota ? QUOTA_PAUSE_MS : undefined),
      learnt: faultClass === 'request' ? learntFrom(error, own, text, isOverflow) : {},
    },
  );
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
      return MODERATION.test(words) || CALLERS_OWN.test(words) || isEmpty(error) ? 'request' : 'config';
    case 404:
      return isAboutTheCall(words, error, true) ? 'request' : 'config';
    case 402:
    case 425:
    case 429:
    case 529:
      return TOO_MUCH.test(words) ? 'request' : 'overload';
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
  if (param !== undefined && param !== 'model' && param !== 'None') return true;
  return byWords && ABOUT_THE_CALL.test(words) && !NO_SUCH_MODEL.test(words);
}

/** A firewall in front of the provider has refused the call, with a page that says nothing. */
function isEmpty(error: Json): boolean {
  return Object.keys(error).length === 0;
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
