/**
 * Every error code that crosses a module or the wire: its JSON-RPC number, its HTTP status, and whether the
 * same request may succeed later.
 * Numbers up to -32600 are fixed by JSON-RPC 2.0; -32000 to -32099 are the range it leaves to servers. 499 is nginx's
 * status for a client that has gone.
 */
export const ERROR_CODES = {
  'parse-error': { rpc: -32700, http: 400, retryable: false },
  'invalid-request': { rpc: -32600, http: 400, retryable: false },
  'method-not-found': { rpc: -32601, http: 404, retryable: false },
  'invalid-params': { rpc: -32602, http: 400, retryable: false },
  internal: { rpc: -32603, http: 500, retryable: false },
  busy: { rpc: -32000, http: 429, retryable: true },
  'rate-limited': { rpc: -32001, http: 429, retryable: true },
  draining: { rpc: -32002, http: 503, retryable: true },
  disconnected: { rpc: -32003, http: 503, retryable: true },
  'no-eligible-core': { rpc: -32010, http: 400, retryable: false },
  infeasible: { rpc: -32013, http: 422, retryable: false },
  'core-failed': { rpc: -32011, http: 502, retryable: true },
  'core-rejected': { rpc: -32012, http: 400, retryable: false },
  'invalid-output': { rpc: -32014, http: 502, retryable: true },
  interrupted: { rpc: -32015, http: 502, retryable: false },
  expired: { rpc: -32020, http: 504, retryable: false },
  cancelled: { rpc: -32021, http: 499, retryable: false },
  unauthorized: { rpc: -32030, http: 401, retryable: false },
  forbidden: { rpc: -32031, http: 403, retryable: false },
  'not-found': { rpc: -32032, http: 404, retryable: false },
  'budget-exhausted': { rpc: -32033, http: 429, retryable: false },
  conflict: { rpc: -32034, http: 409, retryable: false },
  'invalid-config': { rpc: -32040, http: 500, retryable: false },
} as const satisfies Record<string, { readonly rpc: number; readonly http: number; readonly retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Whose fault it is that a core did not answer:
 * - `request`: the caller's. Another core may take the call; nothing is wrong with this one.
 * - `overload`: too much was asked of the provider, or the account is used up: it wants a pause.
 * - `provider`: it failed, was silent or broke off.
 * - `config`: key, model name or address are wrong: nothing works until somebody mends that.
 */
export const FAULT_CLASSES = ['request', 'overload', 'provider', 'config'] as const;
export type FaultClass = (typeof FAULT_CLASSES)[number];

/** What is known of a failed call beside its code. */
export interface ErrorDetails {
  readonly class?: FaultClass | undefined;
  /** HTTP status of the provider, or the one that its error in a 200 stands for. */
  readonly status?: number | undefined;
  /** The core that was asked last. */
  readonly core?: string | undefined;
  /** How many times a core was asked. */
  readonly attempts?: number | undefined;
}

/** The `error` member of a JSON-RPC reply. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: {
    readonly code: ErrorCode;
    readonly retryable: boolean;
    readonly retryAfterMs?: number;
  } & ErrorDetails;
}

/** The one error class that crosses modules: a code, what went wrong, and whether trying again can help. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: ErrorCode;
  /** Milliseconds after which a retry is worth it; absent where nothing is known. */
  readonly retryAfterMs: number | undefined;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  /** The wire form. The cause stays behind: it may hold a provider's reply. */
  toRpc(): RpcError {
    const { code, retryable, retryAfterMs, details } = this;
    return {
      code: ERROR_CODES[code].rpc,
      message: this.message,
      data: { code, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...details },
    };
  }

  /** The same error with more known about it. */
  with(details: ErrorDetails): SyscallError {
    const { code, message, retryAfterMs, cause } = this;
    return new SyscallError(code, message, { retryAfterMs, cause, details: { ...this.details, ...details } });
  }

  /** The error of a reply; a code that this version does not know becomes `internal`. */
  static fromRpc(error: {
    readonly message: string;
    readonly data?: ({ readonly code?: string; readonly retryAfterMs?: number | undefined } & ErrorDetails) | undefined;
  }): SyscallError {
    const code = error.data?.code;
    const known = code !== undefined && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal';
    const { class: faultClass, status, core, attempts, retryAfterMs } = error.data ?? {};
    const given = Object.entries({ class: faultClass, status, core, attempts }).filter(
      ([, value]) => value !== undefined,
    );
    return new SyscallError(known, error.message, { retryAfterMs, details: Object.fromEntries(given) });
  }

  /** Any thrown value as a SyscallError; a foreign one becomes `code`, with itself as the cause. */
  static from(thrown: unknown, code: ErrorCode = 'internal'): SyscallError {
    if (thrown instanceof SyscallError) return thrown;
    return new SyscallError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
