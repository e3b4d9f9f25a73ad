import type { Millis } from '../../../../syscalls/syscall.js';
import { isObject, type Json, listAt, textAt } from '../../../json.js';

/** Most characters of a header or message that are searched for a time. */
const MAX_SEARCHED = 2048;
const MAX_HEADER = 64;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds that a provider wants to be left alone: `retry-after-ms`; `retry-after` in seconds or as an HTTP date
 * (RFC 9110, 10.2.3), which is read against the response's own `date`: its clock is not this one; Google's RetryInfo in the
 * body; the words `try again in ...` of a message.
 *
 * @param now stands for a `date` that is missing
 */
export function retryAfterOf(headers: Headers | undefined, error: Json, now: Millis): number | undefined {
  const text = headerOf(headers, 'retry-after');
  const candidates = [
    numberOf(headerOf(headers, 'retry-after-ms')),
    numberOf(text) * 1000,
    text === undefined || !/[a-z]{3}/i.test(text) ? Number.NaN : Date.parse(text) - saidAt(headers, now),
    durationOf(/^[\d.]+\s*[a-z]/i.test(text ?? '') ? text : undefined),
    numberOf(String(error['retry_after'] ?? '')) * 1000,
    durationOf(retryDelayOf(error)?.slice(0, MAX_HEADER)),
    durationOf(
      /(?:try again in|retry (?:in|after)|wait) ((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?)\s*)+)/i.exec(
        textAt(error, 'message')?.slice(0, MAX_SEARCHED) ?? '',
      )?.[1],
    ),
  ];
  const resets = ['requests', 'tokens'].map((kind) => durationOf(headerOf(headers, `x-ratelimit-reset-${kind}`)));
  const ms = [...candidates, Math.max(...resets.filter(Number.isFinite))].find(Number.isFinite);
  return ms === undefined ? undefined : Math.max(0, ms);
}

function headerOf(headers: Headers | undefined, name: string): string | undefined {
  return headers?.get(name)?.slice(0, MAX_HEADER);
}

/** When the response was made, by the clock that its other times are by. */
function saidAt(headers: Headers | undefined, now: Millis): Millis {
  const date = Date.parse(headerOf(headers, 'date') ?? '');
  return Number.isFinite(date) ? date : now;
}

/** `retryDelay` of google.rpc.RetryInfo, such as `2.5s`. */
function retryDelayOf(error: Json): string | undefined {
  const info = listAt(error, 'details').find((detail) => isObject(detail) && 'retryDelay' in detail);
  return textAt(info, 'retryDelay');
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** `6m0s`, `1.5s`, `20ms`, `2 minutes`. */
function durationOf(text: string | undefined): number {
  if (text === undefined) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|milliseconds?|[smh])/gi)];
  if (parts.length === 0) return Number.NaN;
  return parts.reduce((sum, [, count, unit = 's']) => {
    const short = /^mil/i.test(unit) ? 'ms' : unit.toLowerCase();
    return sum + Number(count) * (UNIT_MS[short] ?? 1000);
  }, 0);
}
