import type { CoreView } from '../syscalls/cores.js';
import { SyscallError } from '../syscalls/errors.js';
import type { HelloParams, HelloReply } from '../syscalls/hello.js';
import type { ChatParams, ChatReply } from '../syscalls/llm-chat.js';
import { onAbort } from '../syscalls/on-abort.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis, Pid, SyscallId } from '../syscalls/syscall.js';
import type { Params } from '../syscalls/table.js';
import type { Admission } from './call/admission.js';
import type { Call } from './call/call.js';
import { fingerprintOf } from './call/fingerprint.js';
import { type Journal, type JournalEntry, NotWritten } from './call/journal.js';
import type { CallSink } from './call-sink.js';
import type { KernelConfig } from './config/config.js';
import type { KernelLimits } from './config/limits.js';
import type { SchedulerLoop } from './dispatch/loop.js';
import type { KernelEvents } from './events.js';
import type { LearntKeeper } from './learnt-keeper.js';
import type { Caller } from './process/caller.js';
import type { Principal } from './process/principal.js';
import { type Process, sees } from './process/process-table.js';
import type { Ratings } from './ratings.js';
import type { Recovery } from './recovery.js';
import { Reports, type ReportsDeps } from './reports.js';
import { loadTokenizer } from './tokens.js';

/** One for all: taking down the stack is half the work of a cancel, and says nothing here. */
const CANCELLED = new SyscallError('cancelled', 'Cancelled by the agent');

/** Who is refused because the journal cannot be written should try again after so long. */
const STORAGE_RETRY_MS: Millis = 1000;

const SWITCHED_OFF = new SyscallError(
  'no-eligible-core',
  'The cap of every core that could serve this call was set to 0',
);

/** The kernel's parts, wired in the composition root. */
export interface KernelParts extends ReportsDeps {
  readonly events: KernelEvents;
  readonly journal: Journal;
  readonly admission: Admission;
  readonly ratings: Ratings;
  readonly recovery: Recovery;
  readonly loop: SchedulerLoop;
  readonly learnt: LearntKeeper;
  readonly settings: Settings;
}

/** The part of the config that a reload may change while the kernel runs. */
export interface Settings {
  limits: KernelLimits;
}

/** What becomes of the open calls of a process that goes, see `Gate.leave`. */
export type Leaving = 'cancel' | 'lose' | 'keep';

interface ChatOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cancels?: boolean | undefined;
  readonly sink?: CallSink | undefined;
}

/** What every syscall does, from any caller and through any door. */
export class Kernel {
  readonly events: KernelEvents;
  readonly reports: Reports;
  readonly #parts: KernelParts;
  #stopped: Promise<void> | undefined;

  constructor(parts: KernelParts) {
    this.#parts = parts;
    this.events = parts.events;
    this.reports = new Reports(parts);
  }

  /** To be awaited before the first connection. @throws what the policy and the journal throw when they read their files */
  async ready(): Promise<void> {
    const { loop, journal, clock, recovery, learnt } = this.#parts;
    loadTokenizer();
    const left = await journal.restore?.(clock.now());
    await loop.ready();
    await learnt.begin();
    if (left !== undefined) recovery.goOn(left);
  }

  /** @param known who the process is, where an earlier kernel has made it */
  spawn(
    hello: HelloParams,
    principal: Principal,
    onEnd: Process['onEnd'],
    known?: Caller,
  ): { process: Process; reply: HelloReply } {
    const { processes, policy, clock, settings } = this.#parts;
    const at = clock.now();
    const process = processes.spawn(hello, principal, onEnd, at, known);
    this.events.emit('entered', { at, agent: process });
    const { pid, parent, tenant } = process;
    const { pendingPerAgent, pendingTotal, requestsPerSecond } = settings.limits;
    const { maxMessageBytes, maxMessageDepth, maxMessageValues, maxBatchRequests } = settings.limits;
    const limits = {
      pendingPerAgent,
      pendingTotal,
      requestsPerSecond,
      maxMessageBytes,
      maxMessageDepth,
      maxMessageValues,
      maxBatchRequests,
    };
    const above = parent === undefined ? {} : { parent: parent.pid };
    return { process, reply: { pid, ...above, tenant, policy: policy.name, cores: this.cores(), limits } };
  }

  /** @throws SyscallError `disconnected` for a process that has ended, `draining` where it has ended with the kernel */
  processOf(caller: Caller): Process {
    const { processes } = this.#parts;
    if (this.#stopped !== undefined && processes.get(caller.pid) === undefined) throw shutDown();
    return processes.live(caller);
  }

  /**
   * Has a call answered.
   *
   * @param signal cancels the call; one with a key only where it `cancels`
   * @throws SyscallError when the call is refused, or ends without an answer
   */
  async chat(process: Process, params: ChatParams, { signal, cancels, sink }: ChatOptions): Promise<ChatReply> {
    if (params.idempotencyKey !== undefined) {
      const fingerprint = fingerprintOf(params);
      const asking = { pid: process.pid, owner: process.principal, params, fingerprint, sink, signal, cancels };
      return this.#parts.keyed.answer(asking, () => this.#begin(process, params, undefined, fingerprint));
    }
    const call = this.#begin(process, params, sink);
    const abort = () => this.#parts.table.cancel(call, CANCELLED);
    const stopListening = signal && onAbort(signal, abort);
    if (signal?.aborted) abort();
    const state = await call.final;
    stopListening?.();
    if (state.status !== 'done') throw state.error;
    return state.reply;
  }

  /** Takes a call in, and gives it to the loop once it is written down. @throws SyscallError when it is refused */
  #begin(process: Process, params: ChatParams, sink: CallSink | undefined, fingerprint?: string): Call {
    const call = this.#parts.admission.accept(process, params, sink, fingerprint);
    const writing = this.#write(call);
    if (writing === undefined) this.#accepted(call);
    else void writing.then(() => this.#accepted(call));
    return call;
  }

  #accepted(call: Call): void {
    // It may have ended while it was written down.
    if (call.isFinal) return;
    call.accept();
    this.#parts.loop.submit(call);
  }

  /** @returns false when it had ended already @throws SyscallError `not-found` for a syscall of someone else */
  cancel(process: Process, id: SyscallId): boolean {
    const { table } = this.#parts;
    const call = table.get(id);
    if (call !== undefined && sees(process.scope, call.facts.caller)) return table.cancel(call, CANCELLED);
    if (call === undefined && table.hasEnded(id, process.scope)) return false;
    throw new SyscallError('not-found', `params.syscallId: expected a syscall of yours, got "${id}"`);
  }

  /** Ends a process and all that descend from it. @returns their pids */
  kill(pid: Pid, principal: Principal): Pid[] {
    const tree = this.#parts.processes.subtree(pid, principal);
    for (const process of tree) {
      this.#end(process, new SyscallError('cancelled', `Process ${pid} was killed`));
      process.onEnd('killed');
    }
    return tree.map((process) => process.pid);
  }

  /** A process leaves. Its children live on; its open calls end, or go on without anybody who follows them. Idempotent. */
  leave(caller: Caller, open: Leaving): void {
    const { processes, table, keyed } = this.#parts;
    const process = processes.get(caller.pid);
    if (process === undefined) return;
    this.#remove(process, open === 'lose');
    const error = new SyscallError('disconnected', 'The connection was closed before the answer');
    keyed.leave(process.pid, error);
    for (const call of [...table.of(process.pid)]) {
      const hasKey = call.facts.params.idempotencyKey !== undefined;
      if (open === 'cancel' || (open === 'lose' && !hasKey)) table.cancel(call, error);
      else if (!hasKey) call.sink = undefined;
    }
  }

  /** The requests of a process are lost: its calls with a key go on, as if it had left, and it stays. */
  forsake({ pid }: Caller): void {
    this.#parts.keyed.leave(pid, new SyscallError('disconnected', 'The connection was lost before the answer'));
  }

  /** @throws SyscallError as `Ratings.rate` */
  feedback(process: Process, rating: Params<'syscall.feedback'>): Promise<void> {
    return this.#parts.ratings.rate(process, rating);
  }

  cores(): CoreView[] {
    return this.#parts.cores.views();
  }

  /** Why no call could be served now; empty: one could. */
  unready(): readonly string[] {
    const draining = this.#stopped === undefined ? [] : ['draining'];
    const isUp = this.cores().some(({ state, cap }) => state === 'up' && cap > 0);
    return isUp ? draining : [...draining, 'no core is up'];
  }

  /** @param principal sees the sums of its own calls, unless it is an operator. @default an operator */
  stats(principal?: Principal): StatsReply {
    return this.reports.stats(principal);
  }

  /** Takes over caps and limits; everything else of a config needs a new boot. A pending call whose cores all got cap 0 fails. */
  reload({ limits, cores }: Pick<KernelConfig, 'limits' | 'cores'>): void {
    const { settings, table } = this.#parts;
    settings.limits = limits;
    this.#parts.cores.reload(cores);
    for (const call of [...table.all()]) {
      const isServed = call.view.eligible.some((id) => this.#parts.cores.isUsable(id));
      if (call.state.status !== 'running' && !isServed) table.fail(call, SWITCHED_OFF);
    }
  }

  /**
   * Shuts down: new calls are refused, running ones get `drainMs` to end, all others are handed back as `draining`,
   * which agents may retry elsewhere. Then every process is ended. Idempotent.
   *
   * @param drainMs @default that of the limits
   */
  stop(drainMs = this.#parts.settings.limits.drainMs): Promise<void> {
    this.#stopped ??= this.#drain(drainMs);
    return this.#stopped;
  }

  async #drain(drainMs: Millis): Promise<void> {
    const { admission, table, clock, processes, cores, policy, journal, learnt, ratings } = this.#parts;
    admission.close();
    const handBack = (calls: Iterable<Call>) => {
      const error = shutDown();
      for (const call of calls) table.handBack(call, error);
    };
    handBack([...table.all()].filter(({ state }) => state.status !== 'running'));
    const cancelTimer = clock.after(drainMs, () => handBack([...table.all()]));
    await table.empty();
    cancelTimer();
    for (const process of processes.all()) {
      this.#remove(process);
      process.onEnd('draining');
    }
    ratings.close();
    await cores.close();
    await learnt.end();
    await policy.close();
    await journal.close();
  }

  /** Writes down that a call was accepted. A call that cannot be written is refused. */
  #write(call: Call): Promise<void> | undefined {
    const { journal, table } = this.#parts;
    const { id, state } = call;
    const refuse = (cause: unknown) => {
      const options = { cause, retryAfterMs: STORAGE_RETRY_MS };
      const error = new SyscallError('busy', 'storage: the journal did not take the call', options);
      table.refuse(call, error, !(cause instanceof NotWritten));
    };
    const entry: JournalEntry = {
      type: 'accepted',
      id,
      at: state.times.accepted,
      // Made only where it is read.
      get call() {
        return call.stored;
      },
    };
    return journal.append(entry)?.catch(refuse);
  }

  /** @param isLost whether it may come back */
  #remove(process: Process, isLost = false): void {
    const { processes, clock } = this.#parts;
    const at = clock.now();
    // While it has its parent still.
    if (processes.get(process.pid) === process) this.events.emit('left', { at, agent: process });
    if (isLost) processes.lose(process, at);
    else processes.remove(process);
  }

  #end(process: Process, error: SyscallError): void {
    const { table, keyed } = this.#parts;
    this.#remove(process);
    for (const call of [...table.of(process.pid)]) table.cancel(call, error);
    keyed.leave(process.pid, error);
  }
}

function shutDown(): SyscallError {
  return new SyscallError('draining', 'The kernel shut down before the answer');
}
