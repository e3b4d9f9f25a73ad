import { pino } from 'pino';
import { type Clock, VirtualClock } from '../../kernel/clock.js';
import { defaultConfig } from '../../kernel/config/default-config.js';
import type { KernelLimits } from '../../kernel/config/limits.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import { type Outbox, RpcSession, type SessionDeps } from '../../kernel/doors/ws/session.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Logger } from '../../kernel/log.js';
import { ContainerModule, compose, kernelContainer, PART } from '../../kernel/modules.js';
import { LOCAL, type Principal } from '../../kernel/process/principal.js';
import type { EndReason } from '../../kernel/process/process-table.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { Method, Notification, NotificationMethod, Result } from '../../syscalls/table.js';

export const LIMITS: KernelLimits = {
  pendingPerAgent: 1000,
  pendingTotal: 10_000,
  pendingBytes: 2 ** 28,
  requestsPerSecond: 1000,
  ratingsPerSecond: 200,
  tokenRequestsPerSecond: 10_000,
  maxMessageBytes: 2 ** 20,
  maxRequestBytes: 20 * 2 ** 20,
  maxHeaderBytes: 8192,
  requestTimeoutMs: 60_000,
  httpAgentMs: 60_000,
  streamHeadMs: 10_000,
  streamBeatMs: 15_000,
  maxMessageDepth: 32,
  maxMessageValues: 10_000,
  maxBatchRequests: 100,
  socketsPerAddress: 4096,
  maxAgents: 10_000,
  sendBufferBytes: { slow: 2 ** 20, close: 2 ** 22 },
  slowReaderMs: 10_000,
  handshakeTimeoutMs: 5000,
  heartbeatMs: 30_000,
  missedPings: 2,
  drainMs: 30_000,
  maxAttempts: 3,
  retryBackoffMs: { base: 250, max: 10_000 },
  chunkMs: 25,
  orphanMs: 60_000,
  ghostMs: 1000,
  finishedCalls: { ms: 900_000, count: 10_000 },
};

/** What a process received, and a reader that can be made slow. */
export class TestOutbox implements Outbox {
  readonly sent: Notification[] = [];
  closed: string | undefined;
  slow = false;

  notify(notification: Notification): void {
    this.sent.push(notification);
  }

  notifyJson(method: NotificationMethod, json: string): void {
    this.sent.push({ method, params: JSON.parse(json) } as Notification);
  }

  isSlow(): boolean {
    return this.slow;
  }

  close(reason: EndReason): void {
    this.closed = reason;
  }

  /** Streamed text so far. */
  get text(): string {
    return this.sent.map(({ method, params }) => (method === 'llm.chunk' ? params.text : '')).join('');
  }
}

/** A session over JSON-RPC whose requests are numbered from 1. */
export class TestSession extends RpcSession {
  #lastRequest = 0;

  /** @throws SyscallError as it comes over the wire */
  async call<M extends Method>(method: M, params: unknown): Promise<Result<M>> {
    const reply = await this.handle({ id: ++this.#lastRequest, method, params });
    if ('error' in reply) throw SyscallError.fromRpc(reply.error);
    return reply.result as Result<M>;
  }
}

export interface SpawnOptions {
  readonly principal?: Principal;
  readonly parent?: number;
  readonly name?: string;
}

/** What the sessions of each kernel need. */
const DEPS = new WeakMap<Kernel, SessionDeps>();

export interface TestKernel {
  readonly kernel: Kernel;
  readonly clock: VirtualClock;
  /** A process that has said hello. */
  spawn(options?: SpawnOptions): Promise<TestProcess>;
  /** Lets virtual time go on by so many milliseconds, and everything due in it happen. */
  pass(ms: number): Promise<void>;
}

export interface TestProcess {
  readonly session: TestSession;
  readonly outbox: TestOutbox;
  readonly pid: number;
}

export interface TestKernelOptions {
  readonly policy?: string | SchedulerPolicy;
  readonly limits?: Partial<KernelLimits>;
  readonly modules?: readonly ContainerModule[];
  /** @default nothing is written */
  readonly log?: Logger;
}

/** A kernel in process on the given cores and clock. */
export function kernelOn(clock: Clock, cores: readonly LLMCore[], options: TestKernelOptions = {}): Kernel {
  const { policy = 'fifo', limits = {}, modules = [], log = pino({ level: 'silent' }) } = options;
  const ready = typeof policy === 'string' ? createPolicy(policy) : policy;
  const config = { ...defaultConfig(), policy: 'fifo', limits: { ...LIMITS, ...limits } };
  const given = new ContainerModule(({ bind, rebind }) => {
    rebind(PART.clock).toConstantValue(clock);
    rebind(PART.random).toConstantValue(() => 0.5);
    rebind(PART.nextId).toConstantValue((seq) => `s${seq}`);
    rebind(PART.policy).toConstantValue(ready);
    bind(PART.cores).toConstantValue(cores);
  });
  const { kernel, gate } = compose(kernelContainer({ config, env: {}, log }, [given, ...modules]));
  DEPS.set(kernel, { gate, clock, limits: () => config.limits });
  return kernel;
}

/** A connection that has just come. */
export function openOn(kernel: Kernel, principal: Principal, outbox: Outbox): TestSession {
  return new TestSession(DEPS.get(kernel) as SessionDeps, principal, outbox);
}

/** A process that has said hello. */
export async function spawnOn(kernel: Kernel, options: SpawnOptions = {}): Promise<TestProcess> {
  const { principal = LOCAL, parent, name = 'agent' } = options;
  const outbox = new TestOutbox();
  const session = openOn(kernel, principal, outbox);
  const hello = { protocol: 1, name, ...(parent === undefined ? {} : { parent }) } as const;
  const { pid } = await session.call('agent.hello', hello);
  return { session, outbox, pid };
}

/** A kernel in virtual time on the given cores. */
export function testKernel(cores: readonly LLMCore[], options: TestKernelOptions = {}): TestKernel {
  const clock = new VirtualClock();
  const kernel = kernelOn(clock, cores, options);
  return {
    kernel,
    clock,
    spawn: (process) => spawnOn(kernel, process),
    pass: (ms) => clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve))),
  };
}

/** Parameters of a small call. */
export function ask(text = 'hello', more: Record<string, unknown> = {}) {
  return { messages: [{ role: 'user' as const, content: text }], ...more };
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('Expected an error, got a result');
}
