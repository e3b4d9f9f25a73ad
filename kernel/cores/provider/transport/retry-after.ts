import type { Millis } from '../../../../syscalls/syscall.js';

/** A provider that asks for a longer pause is asked again after this. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Google's RetryInfo, in the body. */
const RETRY_DELAY = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/;

/**
 * The pause that a response asks for: `retry-after-ms`, `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3), or
 * Google's `retryDelay` in the body. The first of them that can be read.
 *
 * @param now on the clock that an HTTP date is compared with
 */
export function retryAfterMs(headers: Headers, body: string, now: Millis): Millis | undefined {
  const text = headers.get('retry-after');
  const given = [
    numberOf(headers.get('retry-after-ms')),
    numberOf(text) * 1000,
    Date.parse(text ?? '') - now,
    numberOf(RETRY_DELAY.exec(body)?.[1]) * 1000,
  ].find(Number.isFinite);
  return given === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, given));
}

function numberOf(text: string | null | undefined): number {
  return /^\d+(\.\d+)?$/.test(text?.trim() ?? '') ? Number(text) : Number.NaN;
}
