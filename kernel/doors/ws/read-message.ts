import { SyscallError } from '../../../syscalls/errors.js';
import { isExact, writtenIds } from '../../../syscalls/json-scan.js';
import { describeIssue, type RequestId, requestId, rpcRequest } from '../../../syscalls/protocol.js';
import type { KernelLimits } from '../../config/limits.js';
import { parseJson } from '../parse-json.js';
import type { RpcCall } from './session.js';

/** One request of a message, or what is wrong with it. `id` is undefined for a notification: it gets no reply, not even an error. */
export type Incoming =
  | { readonly id: RequestId | undefined; readonly request: RpcCall }
  | { readonly id: RequestId; readonly fault: SyscallError };

/** What came in one message: a request, or a batch of them. */
export interface Message {
  /** Its replies go out as one list, unless there is none. */
  readonly isBatch: boolean;
  /** At least one. */
  readonly requests: readonly Incoming[];
}

type Bounds = Pick<KernelLimits, 'maxMessageDepth' | 'maxMessageValues' | 'maxBatchRequests'>;

/**
 * Decodes a message as JSON-RPC 2.0 says (https://www.jsonrpc.org/specification).
 *
 * @throws SyscallError `parse-error`; `invalid-request` for too large a structure, an empty batch or too many requests in one
 */
export function readMessage(text: string, bounds: Bounds): Message {
  const { maxBatchRequests } = bounds;
  const input = parseJson(text, bounds);
  if (!Array.isArray(input)) return { isBatch: false, requests: [decode(input, writtenIds(text)[0])] };
  if (input.length === 0) throw fault('message: Expected at least one request in a batch, got []');
  if (input.length > maxBatchRequests) {
    throw fault(`message: Expected at most ${maxBatchRequests} requests in a batch, got ${input.length}`);
  }
  const ids = writtenIds(text);
  return { isBatch: true, requests: input.map((one, n) => decode(one, ids[n])) };
}

/** @param writtenId its id as it is written, if it is a number */
function decode(input: unknown, writtenId: string | undefined): Incoming {
  const id = idOf(input);
  if (typeof id === 'number' && writtenId !== undefined && !isExact(writtenId, id)) {
    return { id: null, fault: fault(`message.id: Expected a number that a double holds exactly, ${got(writtenId)}`) };
  }
  const decoded = rpcRequest.safeParse(input);
  if (decoded.success) return { id: decoded.data.id, request: decoded.data };
  return { id, fault: fault(describeIssue(decoded.error, input, 'message')) };
}

/** The id of what may not be a valid request, so that its sender can see which one was refused. */
function idOf(input: unknown): RequestId {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, 'id')) return null;
  return requestId.safeParse((input as { readonly id: unknown }).id).data ?? null;
}

function got(written: string): string {
  return written.length <= 64 ? `got ${written}` : `got one of ${written.length} characters`;
}

function fault(message: string): SyscallError {
  return new SyscallError('invalid-request', message);
}
