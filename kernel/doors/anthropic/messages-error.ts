import type { ErrorCode, SyscallError } from '../../../syscalls/errors.js';
import type { ErrorForm } from '../http/dialect.js';
import { statusOf } from '../http/request-fault.js';

/** Anthropic's status for a server that takes no more. */
const OVERLOADED = 529;

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  499: 'api_error',
  504: 'timeout_error',
  [OVERLOADED]: 'overloaded_error',
};
const TYPE_OF: Partial<Record<ErrorCode, string>> = { 'budget-exhausted': 'billing_error' };

/** An error in Anthropic's form: https://docs.claude.com/en/api/errors */
export function anthropicError(error: SyscallError, requestId: string): object {
  const status = anthropicStatus(error);
  const type = TYPE_OF[error.code] ?? TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  const message = error.message.replace(/^params\./, '');
  return { type: 'error', error: { type, message }, request_id: requestId };
}

function anthropicStatus(error: SyscallError): number {
  const isFull = error.code === 'busy' || (error.code === 'core-failed' && error.details.class === 'overload');
  return isFull ? OVERLOADED : statusOf(error);
}

export const anthropicErrors: ErrorForm = {
  error: (error, requestId) => ({ status: anthropicStatus(error), body: anthropicError(error, requestId) }),
};
