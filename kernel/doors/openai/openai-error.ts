import type { ErrorCode, SyscallError } from '../../../syscalls/errors.js';
import type { Answer } from '../http/dialect.js';
import { RequestFault, statusOf } from '../http/request-fault.js';

/** The `error` member of OpenAI's answers and events. */
export interface OpenAIError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Types of errors by the kernel's code; all others are `invalid_request_error`. */
const TYPES: Partial<Record<ErrorCode, string>> = {
  busy: 'rate_limit_error',
  'rate-limited': 'rate_limit_error',
  'budget-exhausted': 'insufficient_quota',
  draining: 'server_error',
  disconnected: 'server_error',
  'core-failed': 'server_error',
  'invalid-output': 'server_error',
  expired: 'server_error',
  internal: 'server_error',
  forbidden: 'permission_error',
};

/** Codes that clients know under another name. */
const CODES: Partial<Record<ErrorCode, string>> = {
  busy: 'rate_limit_exceeded',
  'rate-limited': 'rate_limit_exceeded',
  'budget-exhausted': 'insufficient_quota',
  expired: 'deadline_exceeded',
  unauthorized: 'invalid_api_key',
};

/** Where a message of the gate says what is wrong. */
const FIELD = /^params\.([\w.-]+)(?=[:\s])/;

/** An error in OpenAI's form. */
export function openaiError(error: SyscallError): OpenAIError {
  const { code } = error;
  const field = FIELD.exec(error.message)?.[1];
  const param = error instanceof RequestFault ? error.param : field && snakeCase(field);
  return {
    message: field === undefined ? error.message : error.message.replace(`params.${field}`, snakeCase(field)),
    type: TYPES[code] ?? 'invalid_request_error',
    param: param ?? null,
    code: (error instanceof RequestFault ? error.word : undefined) ?? CODES[code] ?? code.replaceAll('-', '_'),
  };
}

export const openaiErrors = {
  error: (error: SyscallError): Answer => ({ status: statusOf(error), body: { error: openaiError(error) } }),
};

function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
