import { ERROR_CODES, type ErrorCode, SyscallError } from '../../../syscalls/errors.js';

/** What is wrong with a request over HTTP, in the words of its API. */
export class RequestFault extends SyscallError {
  /** The member, header or part that is wrong, as a path. */
  readonly param: string | undefined;
  /** A word for it that clients of the API know. */
  readonly word: string | undefined;
  /** HTTP status, where it is not that of the code. */
  readonly status: number | undefined;

  constructor(
    message: string,
    {
      code = 'invalid-params',
      param,
      word,
      status,
    }: {
      readonly code?: ErrorCode;
      readonly param?: string | undefined;
      readonly word?: string | undefined;
      readonly status?: number | undefined;
    } = {},
  ) {
    super(code, message);
    this.param = param;
    this.word = word;
    this.status = status;
  }
}

/** A member that cannot be what it is. */
export function wrong(param: string, rule: string, got: string): RequestFault {
  return new RequestFault(`${param}: Expected ${rule}, got ${got}`, { param });
}

/** A member of the API that the kernel has no place for. */
export function unsupported(param: string, rule: string): RequestFault {
  return new RequestFault(`${param}: ${rule}`, { param, word: 'unsupported_value' });
}

/** HTTP status of an error. */
export function statusOf(error: SyscallError): number {
  return (error instanceof RequestFault ? error.status : undefined) ?? ERROR_CODES[error.code].http;
}
