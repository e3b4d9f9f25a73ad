import { SyscallError } from '../../../syscalls/errors.js';
import type { Millis } from '../../../syscalls/syscall.js';

/**
 * 4xx that are not the call's own fault: the key, the account, the model's name or the load. Another core may well
 * answer, and the breaker keeps more calls away from this one.
 */
const NOT_THE_CALLS_FAULT = new Set([401, 402, 403, 404, 407, 408, 409, 425, 429]);

/** What errors of the SDK say about a stream. */
const STREAM_FAULTS: Readonly<Record<string, string>> = {
  AI_InvalidResponseDataError: 'The stream of the provider ended without its end mark',
  AI_JSONParseError: 'The stream of the provider holds broken JSON',
  AI_TypeValidationError: 'The stream of the provider holds an event of no known form',
};

/** A provider that asks for a longer pause is asked again after this. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Anything that a request to a provider throws, as the kernel's error. Message and cause hold nothing that came from
 * the provider or went to it: SDK errors carry the prompt, and responses may repeat keys.
 *
 * @param now on the kernel's clock; an HTTP date is compared with it
 */
export function coreError(thrown: unknown, now: Millis): SyscallError {
  const own = causesOf(thrown).find((cause) => cause instanceof SyscallError);
  if (own !== undefined) return own;
  const status = statusOf(thrown);
  if (status === undefined || status < 300) return new SyscallError('core-failed', describe(thrown));
  const message = `The provider answered HTTP ${status}`;
  if (status >= 400 && status < 500 && !NOT_THE_CALLS_FAULT.has(status)) {
    return new SyscallError('core-rejected', message);
  }
  const retryAfterMs = retryAfterOf(thrown, now);
  return new SyscallError('core-failed', message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** `AI_APICallError` of the SDK has a status and headers; recognised by their shape, so that the SDK is loaded only when used. */
function statusOf(thrown: unknown): number | undefined {
  const status = member(thrown, 'statusCode');
  return typeof status === 'number' ? status : undefined;
}

/** `retry-after-ms`, or `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3). */
function retryAfterOf(thrown: unknown, now: Millis): number | undefined {
  const headers = member(thrown, 'responseHeaders');
  const inMs = member(headers, 'retry-after-ms');
  const text = member(headers, 'retry-after');
  const ms = [numberOf(inMs), numberOf(text) * 1000, Date.parse(String(text)) - now].find(Number.isFinite);
  return ms === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}

function numberOf(text: unknown): number {
  return typeof text === 'string' && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** The kind of a failure without its text: an error code such as ECONNRESET, or the class. */
function describe(thrown: unknown): string {
  const name = thrown instanceof Error && /^\w{1,60}$/.test(thrown.name) ? thrown.name : 'an error in the stream';
  const codes = causesOf(thrown).map((cause) => member(cause, 'code'));
  const code = codes.find((code) => typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code));
  if (Object.hasOwn(STREAM_FAULTS, name)) return STREAM_FAULTS[name] ?? name;
  return `The request to the provider failed: ${code ?? name}`;
}

/** The thrown value and its causes, outermost first. The SDK wraps what the transport throws. */
function causesOf(thrown: unknown): readonly unknown[] {
  const causes = [thrown];
  for (let cause = member(thrown, 'cause'); cause !== undefined && causes.length < 8; cause = member(cause, 'cause')) {
    causes.push(cause);
  }
  return causes;
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
