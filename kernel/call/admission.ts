import type { ContentPart } from '../../syscalls/chat-message.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { Capacity } from '../capacity/capacity.js';
import type { CoreTable } from '../capacity/core-table.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import { budgetExhausted } from '../process/principal.js';
import type { Process } from '../process/process-table.js';
import { inputTokensOf } from '../tokens.js';
import { Call } from './call.js';
import type { CallTable } from './call-table.js';
import { eligibleCores } from './eligibility.js';

/** Shortest and longest time after which a caller of a full kernel should try again. */
const BUSY_RETRY_MS = { min: 50, max: 10_000 } as const;

interface AdmissionDeps {
  readonly clock: Clock;
  readonly nextId: (seq: number) => SyscallId;
  readonly table: CallTable;
  readonly cores: CoreTable;
  readonly capacity: Capacity;
  readonly metrics: Metrics;
  readonly events: KernelEvents;
  readonly limits: () => KernelLimits;
}

/** The kernel's front desk: every syscall is either accepted here, or refused with the reason. */
export class Admission {
  readonly #deps: AdmissionDeps;
  #seq = 0;
  #draining = false;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
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
  accept(process: Process, params: ChatParams, sink: CallSink | undefined): Call {
    const { clock, nextId, table, cores, metrics, events } = this.#deps;
    const { pid, program, tenant, principal, name: agent, scope } = process;
    const caller = { pid, program, tenant, principal };
    try {
      const size = sizeOf(params);
      this.#checkRoom(process, size);
      const inputTokens = inputTokensOf(params);
      const eligible = eligibleCores(cores.all(), params, inputTokens, scope.cores);
      const seq = this.#seq++;
      const id = nextId(seq);
      const priority = Math.min(params.priority ?? 0, scope.maxPriority);
      const { budgetUsd } = scope;
      const call = new Call(
        { id, seq, caller, agent, params, inputTokens, size, priority, budgetUsd, eligible },
        clock.now(),
        sink,
      );
      table.add(call);
      return call;
    } catch (error) {
      metrics.counts.rejected++;
      events.emit('refused', { caller, code: SyscallError.from(error).code });
      throw error;
    }
  }

  #checkRoom({ pid, scope }: Process, size: number): void {
    const { table, capacity, limits } = this.#deps;
    if (this.#draining) throw new SyscallError('draining', 'The kernel is shutting down', { retryAfterMs: 1000 });
    if (capacity.spentUsd(scope.name) >= scope.budgetUsd) throw budgetExhausted(scope.budgetUsd);
    const { pendingPerAgent, pendingTotal, pendingBytes } = limits();
    if (table.of(pid).size >= pendingPerAgent) throw this.#busy('pendingPerAgent', pendingPerAgent);
    if (table.countOf(scope.name) >= scope.maxPending) throw this.#busy('maxPending', scope.maxPending);
    if (table.count >= pendingTotal) throw this.#busy('pendingTotal', pendingTotal);
    if (table.size + size > pendingBytes) throw this.#busy('pendingBytes', pendingBytes);
  }

  #busy(limit: string, value: number): SyscallError {
    const { min, max } = BUSY_RETRY_MS;
    const retryAfterMs = Math.round(Math.min(max, Math.max(min, this.#deps.metrics.typicalTurnaround)));
    return new SyscallError('busy', `${limit}: the limit of ${value} is reached`, { retryAfterMs });
  }
}

/** Characters of a call, and a little for each message and part. */
function sizeOf(params: ChatParams): number {
  const { messages, ...settings } = params;
  let size = JSON.stringify(settings).length;
  for (const message of messages) {
    const { content } = message;
    size += 64;
    if (typeof content === 'string') size += 64 + content.length;
    else for (const part of content ?? []) size += 64 + sizeOfPart(part);
    if (message.role !== 'assistant') continue;
    const { tool_calls: calls, reasoning_content: thought, reasoning_details: details } = message;
    size += JSON.stringify([calls, thought, details]).length;
  }
  return size;
}

function sizeOfPart(part: ContentPart): number {
  switch (part.type) {
    case 'text':
      return part.text.length;
    case 'refusal':
      return part.refusal.length;
    case 'image_url':
      return part.image_url.url.length;
    case 'input_audio':
      return part.input_audio.data.length;
    case 'file':
      return part.file.file_data?.length ?? 0;
  }
}
