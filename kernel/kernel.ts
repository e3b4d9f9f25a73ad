import type { CoreView } from '../syscalls/cores.js';
import { SyscallError } from '../syscalls/errors.js';
import type { HelloParams, HelloReply, Limits } from '../syscalls/hello.js';
import type { ChatParams } from '../syscalls/llm-chat.js';
import { PS_SYSCALL_LIMIT, type PsParams, type PsReply } from '../syscalls/ps.js';
import type { StatsReply } from '../syscalls/stats.js';
import { type CoreId, isFinal, type Millis, type Pid, type SyscallId } from '../syscalls/syscall.js';
import type { Admission } from './call/admission.js';
import type { Call } from './call/call.js';
import type { SyscallTable } from './call/call-table.js';
import type { Clock } from './clock.js';
import type { KernelConfig } from './config/config.js';
import type { KernelLimits } from './config/limits.js';
import type { SchedulerLoop } from './dispatch/loop.js';
import type { PolicyGuard } from './dispatch/policy-guard.js';
import type { Outbox, Session } from './doors/session.js';
import type { KernelEvents } from './events.js';
import type { Metrics } from './metrics.js';
import type { Principal } from './process/principal.js';
import type { Process, ProcessTable } from './process/process-table.js';
import { Trap } from './trap.js';

/** One for all: taking down the stack is half the work of a cancel, and says nothing here. */
const CANCELLED = new SyscallError('cancelled', 'Cancelled by the agent');

const SWITCHED_OFF = new SyscallError(
  'no-eligible-core',
  'The cap of every core that could serve this call was set to 0',
);

/** The kernel's parts, wired in the composition root. */
export interface KernelParts {
  readonly clock: Clock;
  readonly policy: PolicyGuard;
  readonly events: KernelEvents;
  readonly metrics: Metrics;
  readonly processes: ProcessTable;
  readonly table: SyscallTable;
  readonly admission: Admission;
  readonly loop: SchedulerLoop;
  readonly settings: Settings;
}

/** The part of the config that a reload may change while the kernel runs. */
export interface Settings {
  limits: KernelLimits;
}

/** What every syscall does, whoever asks and however the request came. */
export class Kernel {
  readonly events: KernelEvents;
  readonly #parts: KernelParts;
  readonly #bootedAt: Millis;
  #stopped: Promise<void> | undefined;

  constructor(parts: KernelParts) {
    this.#parts = parts;
    this.events = parts.events;
    this.#bootedAt = parts.clock.now();
  }

  /** To be awaited before the first connection. @throws whatever the policy throws when it reads its files */
  ready(): Promise<void> {
    return this.#parts.loop.ready();
  }

  /** A connection that has just come: its first request must be `agent.hello`. */
  open(principal: Principal, outbox: Outbox): Session {
    return new Trap(this, principal, outbox);
  }

  spawn(hello: HelloParams, principal: Principal, outbox: Outbox): { process: Process; reply: HelloReply } {
    const { processes, policy, clock } = this.#parts;
    const process = processes.spawn(hello, principal, outbox, clock.now());
    const { pid, tenant } = process;
    return { process, reply: { pid, tenant, policy: policy.name, cores: this.cores(), limits: this.#limits() } };
  }

  /** @throws SyscallError when the call is refused; afterwards everything is told by `Call.final` */
  chat(process: Process, params: ChatParams): Call {
    const call = this.#parts.admission.accept(process, params);
    this.#parts.loop.submit(call);
    return call;
  }

  /** @returns false when it had ended already @throws SyscallError `not-found` for a syscall of someone else */
  cancel(process: Process, id: SyscallId): boolean {
    const { table } = this.#parts;
    const call = table.get(id);
    if (call !== undefined && mayTouch(process, call)) {
      return table.cancel(call, CANCELLED);
    }
    if (call === undefined && table.hasEnded(id, process.principal)) return false;
    throw new SyscallError('not-found', `params.syscallId: expected a syscall of yours, got "${id}"`);
  }

  /** Ends a process and all that descend from it. @returns their pids */
  kill(pid: Pid, principal: Principal): Pid[] {
    const tree = this.#parts.processes.subtree(pid, principal);
    for (const process of tree) {
      this.#end(process, new SyscallError('cancelled', `Process ${pid} was killed`));
      process.outbox.close('killed');
    }
    return tree.map((process) => process.pid);
  }

  /** The connection of a process is gone. Its children live on. */
  exit(process: Process): void {
    this.#end(process, new SyscallError('disconnected', 'The connection was closed before the answer'));
  }

  /** @throws SyscallError `not-found` for what is no answer of theirs, `invalid-params` for one that was judged before */
  feedback(process: Process, id: SyscallId, quality: number): void {
    const { table, policy } = this.#parts;
    const call = table.judge(id, process.principal);
    policy.feedback(call, quality);
    this.events.emit('feedback', { call, quality });
  }

  cores(): CoreView[] {
    return [...this.#parts.loop.slots.values()].map((slot) => slot.view());
  }

  /** @throws SyscallError `not-found` for an explanation of a syscall that ended long ago or is someone else's */
  ps(process: Process, { explain }: PsParams): PsReply {
    const { processes, clock } = this.#parts;
    const visible = processes.visibleTo(process.principal);
    const now = clock.now();
    const calls = visible
      .flatMap((process) => [...process.open].slice(0, PS_SYSCALL_LIMIT))
      .sort((a, b) => a.facts.seq - b.facts.seq);
    return {
      processes: visible.map(describeProcess),
      syscalls: calls.slice(0, PS_SYSCALL_LIMIT).flatMap((call) => describeCall(call, now)),
      ...(explain === undefined ? {} : { explanation: [...this.#explain(process, explain)] }),
    };
  }

  #explain(process: Process, id: SyscallId): readonly string[] {
    const { table, policy } = this.#parts;
    const call = table.get(id);
    const isKnown = call === undefined ? table.hasEnded(id, process.principal) : mayTouch(process, call);
    if (isKnown) return policy.explain(id);
    throw new SyscallError('not-found', `params.explain: expected a syscall of yours, open or just ended, got "${id}"`);
  }

  stats(): StatsReply {
    const { policy, metrics, processes, table, clock } = this.#parts;
    const running = this.cores().reduce((sum, core) => sum + core.running, 0);
    return {
      policy: policy.name,
      uptimeMs: clock.now() - this.#bootedAt,
      agents: processes.size,
      syscalls: { ...metrics.counts, pending: Math.max(0, table.count - running), running },
      ...metrics.report(),
      ...policy.outlook(),
    };
  }

  /** Takes over caps and limits; everything else of a config needs a new boot. A pending call whose cores all got cap 0 fails. */
  reload({ limits, cores }: Pick<KernelConfig, 'limits' | 'cores'>): void {
    const { settings, loop, table } = this.#parts;
    settings.limits = limits;
    for (const core of cores) loop.slots.get(core.id)?.reload(core);
    const isOff = (id: CoreId) => loop.slots.get(id)?.info.cap === 0;
    for (const call of [...table.all()]) {
      if (call.state.status !== 'running' && call.view.eligible.every(isOff)) table.fail(call, SWITCHED_OFF);
    }
  }

  /**
   * Shuts down: new calls are refused, running ones get `drainMs` to end, all others are handed back as `draining`,
   * which agents may retry elsewhere. Then every process is told to go. Idempotent.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  async #drain(): Promise<void> {
    const { admission, table, clock, loop, processes, settings } = this.#parts;
    admission.close();
    const handBack = (calls: Iterable<Call>) => {
      const error = new SyscallError('draining', 'The kernel shut down before the answer');
      for (const call of calls) table.cancel(call, error);
    };
    handBack([...table.all()].filter(({ state }) => state.status !== 'running'));
    const cancelTimer = clock.after(settings.limits.drainMs, () => handBack([...table.all()]));
    await table.empty();
    cancelTimer();
    for (const process of processes.all()) {
      processes.remove(process);
      process.outbox.close('draining');
    }
    await Promise.all([...loop.slots.values()].map((slot) => slot.close()));
    await this.#parts.policy.close();
  }

  #end(process: Process, error: SyscallError): void {
    const { processes, table } = this.#parts;
    processes.remove(process);
    for (const call of [...process.open]) table.cancel(call, error);
  }

  #limits(): Limits {
    const { limits } = this.#parts.settings;
    const { pendingPerAgent, pendingTotal, requestsPerSecond } = limits;
    const { maxMessageBytes, maxMessageDepth, maxMessageValues } = limits;
    return { pendingPerAgent, pendingTotal, requestsPerSecond, maxMessageBytes, maxMessageDepth, maxMessageValues };
  }
}

function mayTouch({ principal }: Process, call: Call): boolean {
  return principal.operator || call.facts.process.principal.name === principal.name;
}

function describeProcess(process: Process): PsReply['processes'][number] {
  const { pid, parent, name, tenant, connectedAt, open, finished, costUsd } = process;
  const running = [...open].filter(({ state }) => state.status === 'running').length;
  return {
    pid,
    ...(parent === undefined ? {} : { parent: parent.pid }),
    name,
    tenant,
    connectedAt,
    pending: open.size - running,
    running,
    finished,
    costUsd,
  };
}

function describeCall(call: Call, now: Millis): PsReply['syscalls'] {
  const { state, outputTokens } = call;
  if (isFinal(state)) return [];
  return [
    {
      syscallId: call.id,
      pid: call.facts.process.pid,
      status: state.status,
      ...('core' in state ? { core: state.core, reason: state.reason } : {}),
      ageMs: now - state.times.accepted,
      outputTokens,
    },
  ];
}
