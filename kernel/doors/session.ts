import type { RpcError } from '../../syscalls/errors.js';
import type { RequestId } from '../../syscalls/protocol.js';
import type { Method, Notification, Params, Result } from '../../syscalls/table.js';

/** Where the kernel sends what belongs to one connection. */
export interface Outbox {
  notify(notification: Notification): void;
  /** The reader does not keep up: streams hold their text back until `Session.drained`. */
  isSlow(): boolean;
  /** The kernel ended the process: say so and close the connection. */
  close(reason: 'killed' | 'draining'): void;
}

/** The one reply to a request: exactly one of `result` and `error`. */
export type Reply =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly error: RpcError };

/** One connection's way into the kernel, over a socket or in process. */
export interface Session {
  /** One JSON-RPC request whose envelope has been checked; method and parameters are checked here. Rejects only for a bug in the kernel. */
  handle(request: { readonly id: RequestId; readonly method: string; readonly params?: unknown }): Promise<Reply>;
  /** The same for callers in process. @throws SyscallError */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** The reader has caught up: held text may go out. */
  drained(): void;
  /** The connection is gone: open syscalls end `cancelled` with code `disconnected`. Idempotent. */
  close(): void;
}
