import { SyscallError } from '../../syscalls/errors.js';
import { type ChatParams, messageText } from '../../syscalls/llm-chat.js';
import type { CoreId, SyscallId } from '../../syscalls/syscall.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import { ChunkStream } from '../doors/ws/chunk-stream.js';
import type { Metrics } from '../metrics.js';
import type { Principal } from '../process/principal.js';
import type { Process } from '../process/process-table.js';
import { Call } from './call.js';
import type { SyscallTable } from './call-table.js';
import { eligibleCores } from './eligibility.js';
import { inputTokensOf } from './tokens.js';

/** Shortest and longest time after which a caller is told to try a full kernel again. */
const BUSY_RETRY_MS = { min: 50, max: 10_000 } as const;

/** The kernel's front desk: every syscall is either accepted here, or refused with the reason. */
export class Admission {
  readonly #clock: Clock;
  readonly #nextId: (seq: number) => SyscallId;
  readonly #table: SyscallTable;
  readonly #slots: ReadonlyMap<CoreId, CoreSlot>;
  readonly #metrics: Metrics;
  readonly #limits: () => KernelLimits;
  #seq = 0;
  #draining = false;

  constructor(deps: {
    readonly clock: Clock;
    readonly nextId: (seq: number) => SyscallId;
    readonly table: SyscallTable;
    readonly slots: ReadonlyMap<CoreId, CoreSlot>;
    readonly metrics: Metrics;
    readonly limits: () => KernelLimits;
  }) {
    this.#clock = deps.clock;
    this.#nextId = deps.nextId;
    this.#table = deps.table;
    this.#slots = deps.slots;
    this.#metrics = deps.metrics;
    this.#limits = deps.limits;
  }

  /** From now on everything is refused. */
  close(): void {
    this.#draining = true;
  }

  /**
   * A new open call.
   *
   * @throws SyscallError `draining`, `busy` with `retryAfterMs`, `budget-exhausted`, `no-eligible-core`
   */
  accept(process: Process, params: ChatParams): Call {
    try {
      const size = sizeOf(params);
      this.#checkRoom(process, size);
      const inputTokens = inputTokensOf(params);
      const { principal, outbox } = process;
      const eligible = eligibleCores(this.#slots.values(), params, inputTokens, principal.models);
      const seq = this.#seq++;
      const id = this.#nextId(seq);
      const priority = Math.min(params.priority ?? 0, principal.maxPriority);
      const stream = params.stream ? new ChunkStream(id, outbox, this.#clock, this.#limits().chunkMs) : undefined;
      const facts = { id, seq, process, params, inputTokens, size, priority, eligible, stream };
      const call = new Call(facts, this.#clock.now());
      this.#table.add(call);
      return call;
    } catch (error) {
      this.#metrics.counts.rejected++;
      throw error;
    }
  }

  #checkRoom({ open, principal, account }: Process, size: number): void {
    if (this.#draining) throw new SyscallError('draining', 'The kernel is shutting down', { retryAfterMs: 1000 });
    if (account.costUsd >= principal.budgetUsd) {
      throw budgetExhausted(principal);
    }
    const { pendingPerAgent, pendingTotal, pendingBytes } = this.#limits();
    if (open.size >= pendingPerAgent) throw this.#busy('pendingPerAgent', pendingPerAgent);
    if (account.open >= principal.maxPending) throw this.#busy('maxPending', principal.maxPending);
    if (this.#table.count >= pendingTotal) throw this.#busy('pendingTotal', pendingTotal);
    if (this.#table.size + size > pendingBytes) throw this.#busy('pendingBytes', pendingBytes);
  }

  #busy(limit: string, value: number): SyscallError {
    const retryAfterMs = Math.round(
      Math.min(BUSY_RETRY_MS.max, Math.max(BUSY_RETRY_MS.min, this.#metrics.typicalTurnaround)),
    );
    return new SyscallError('busy', `${limit}: the limit of ${value} is reached`, { retryAfterMs });
  }
}

export function budgetExhausted({ budgetUsd }: Principal): SyscallError {
  return new SyscallError('budget-exhausted', `budgetUsd: the budget of ${budgetUsd} dollars is spent`);
}

/** Characters of the texts of a call, and a little for each message and part. */
function sizeOf({ messages, models, tools, responseFormat }: ChatParams): number {
  let size = 0;
  for (const model of models ?? []) size += model.length;
  for (const message of messages) {
    const parts = Array.isArray(message.content) ? message.content.length : 1;
    size += 64 * (1 + parts) + messageText(message).length;
    if ('tool_calls' in message) size += JSON.stringify(message.tool_calls ?? []).length;
  }
  if (tools !== undefined) size += JSON.stringify(tools).length;
  if (responseFormat !== undefined) size += JSON.stringify(responseFormat).length;
  return size;
}
