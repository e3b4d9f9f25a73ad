import type { ContentPart } from '../../syscalls/chat-message.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { Capacity } from '../capacity/capacity.js';
import type { CoreTable } from '../capacity/core-table.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import { budgetSpent } from '../process/budget.js';
import type { Held } from '../process/held.js';
import type { Process } from '../process/process-table.js';
import { shareOf } from '../process/share.js';
import { inputTokensOf } from '../tokens.js';
import { Call } from './call.js';
import type { CallTable } from './call-table.js';
import { eligibleCores } from './eligibility.js';
import type { StoredCall } from './journal.js';
import type { StartRate } from './start-rate.js';

/** Shortest and longest time after which a caller of a full kernel should try again, and the one where no call has started yet. */
const BUSY_RETRY_MS = { min: 50, max: 60_000, unknown: 1000 } as const;

interface AdmissionDeps {
  readonly clock: Clock;
  readonly nextId: (seq: number) => SyscallId;
  readonly table: CallTable;
  readonly held: Held;
  readonly cores: CoreTable;
  readonly capacity: Capacity;
  readonly metrics: Metrics;
  readonly starts: StartRate;
  readonly events: KernelEvents;
  /** How many tokens the kernel knows. */
  readonly tokens: () => number;
  readonly limits: () => KernelLimits;
}

/** The kernel's front desk: every syscall is either accepted here, or refused with the reason. */
export class Admission {
  readonly #deps: AdmissionDeps;
  #seq = 0;
  #lastEligible: readonly CoreId[] = [];
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
  accept(process: Process, params: ChatParams, sink: CallSink | undefined, fingerprint?: string): Call {
    const { clock, nextId, table, metrics, events } = this.#deps;
    const { pid, program, tenant, principal, name: agent, scope } = process;
    const caller = { pid, program, tenant, principal };
    try {
      const size = sizeOf(params);
      this.#checkRoom(process, size);
      const inputTokens = inputTokensOf(params);
      const eligible = this.#eligible(params, inputTokens, scope.cores);
      const seq = this.#seq++;
      const id = nextId(seq);
      const priority = Math.min(params.priority ?? 0, scope.maxPriority);
      const { budgetUsd, budgetUsdBy } = scope;
      const asked = { params, inputTokens, size, priority, fingerprint };
      const call = new Call(
        { id, seq, caller, agent, ...asked, budgetUsd, budgetUsdBy, allowed: scope.cores, eligible },
        clock.now(),
        sink,
      );
      table.add(call);
      return call;
    } catch (error) {
      metrics.count(principal, ({ counts }) => counts.rejected++);
      events.emit('refused', { caller, code: SyscallError.from(error).code });
      throw error;
    }
  }

  /** An open call that an earlier kernel has left. There is always room for it. @throws SyscallError `no-eligible-core` */
  restore({
    id,
    caller,
    agent,
    at,
    params,
    priority,
    budgetUsd,
    budgetUsdBy,
    cores: allowed,
    fingerprint,
    attempts,
  }: StoredCall): Call {
    const { table } = this.#deps;
    const inputTokens = inputTokensOf(params);
    const eligible = this.#eligible(params, inputTokens, allowed);
    const size = sizeOf(params);
    const asked = { params, inputTokens, size, priority, fingerprint, earlierAttempts: attempts };
    const call = new Call(
      { id, seq: this.#seq++, caller, agent, ...asked, budgetUsd, budgetUsdBy, allowed, eligible },
      at,
      undefined,
    );
    table.add(call);
    return call;
  }

  /** Calls in a row that the same cores can serve share one list: most are open to all, and thousands wait. */
  #eligible(params: ChatParams, inputTokens: number, allowed: readonly CoreId[] | undefined): readonly CoreId[] {
    const eligible = eligibleCores(this.#deps.cores.all(), params, inputTokens, allowed);
    const last = this.#lastEligible;
    const isSame = last.length === eligible.length && last.every((id, j) => id === eligible[j]);
    if (!isSame) this.#lastEligible = eligible;
    return this.#lastEligible;
  }

  #checkRoom({ pid, scope }: Process, size: number): void {
    const { clock, table, held, tokens, capacity, limits } = this.#deps;
    if (this.#draining) throw new SyscallError('draining', 'The kernel is shutting down', { retryAfterMs: 1000 });
    const spent = budgetSpent(scope, (per) => capacity.spentUsd(scope.name, per), clock.now());
    if (spent !== undefined) throw spent;
    const { pendingPerAgent, pendingTotal, pendingBytes } = limits();
    if (table.of(pid).size >= pendingPerAgent) throw this.#busy('pendingPerAgent', pendingPerAgent);
    if (table.countOf(scope.name) >= scope.maxPending) throw this.#busy('maxPending', scope.maxPending);
    if (table.count >= pendingTotal) throw this.#busy('pendingTotal', pendingTotal);
    const known = tokens();
    const most = Math.floor(shareOf(pendingTotal, table.count, known));
    // Answers grow after their calls were accepted: where those of others have used up everything, each token has its part still.
    const mostBytes = Math.floor(shareOf(pendingBytes, held.total, known));
    if (known === 1 && held.total + size > pendingBytes) throw this.#busy('pendingBytes', pendingBytes);
    if (table.countOf(scope.name) >= most) throw this.#busy('share of pendingTotal', most);
    if (held.of(scope.name) + size > mostBytes) throw this.#busy('share of pendingBytes', mostBytes);
  }

  #busy(limit: string, value: number): SyscallError {
    const retryAfterMs = this.#timeToStart();
    return new SyscallError('busy', `${limit}: the limit of ${value} is reached`, { retryAfterMs });
  }

  /** When a call that comes now would start: all that are pending start first, as often as of late. */
  #timeToStart(): Millis {
    const { clock, table, cores, starts } = this.#deps;
    const { min, max, unknown } = BUSY_RETRY_MS;
    let running = 0;
    for (const { queue } of cores.all()) running += queue.running;
    const pending = Math.max(1, table.count - running);
    const ms = starts.timeFor(pending, clock.now()) ?? (running === 0 ? unknown : max);
    return Math.round(Math.min(max, Math.max(min, ms)));
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
