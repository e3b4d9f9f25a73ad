import { ERROR_CODES, SyscallError } from '../../../syscalls/errors.js';

/** The marks by which the AI SDK knows its own errors, which may come from another copy of it. */
const ERROR = Symbol.for('vercel.ai.error');
const CALL_ERROR = Symbol.for('vercel.ai.error.AI_APICallError');

/**
 * A failed call in the form of the AI SDK's `APICallError`, so that it tries again what may succeed later, after the
 * wait that the kernel names. The `cause` is the SyscallError.
 */
export class EccosCallError extends Error {
  readonly url: string;
  readonly requestBodyValues: unknown;
  readonly statusCode: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly isRetryable: boolean;
  /** The kernel's code and details. */
  readonly data: unknown;

  /** @param request what was asked for */
  constructor(thrown: unknown, url: string, request: unknown) {
    const error = SyscallError.from(thrown);
    super(error.message, { cause: error });
    this.name = 'AI_APICallError';
    this.url = url;
    this.requestBodyValues = request;
    this.statusCode = ERROR_CODES[error.code].http;
    const wait = error.retryAfterMs;
    this.responseHeaders = wait === undefined ? {} : { 'retry-after-ms': String(Math.ceil(wait)) };
    this.isRetryable = error.retryable;
    this.data = { code: error.code, details: error.details };
    Object.assign(this, { [ERROR]: true, [CALL_ERROR]: true });
  }
}
