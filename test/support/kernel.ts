import { pino } from 'pino';
import { type Clock, VirtualClock } from '../../kernel/clock.js';
import type { KernelLimits } from '../../kernel/config/limits.js';
import { composeKernel } from '../../kernel/container.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import type { Outbox, Session } from '../../kernel/doors/session.js';
import type { Kernel } from '../../kernel/kernel.js';
import { LOCAL, type Principal } from '../../kernel/process/principal.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import type { Notification } from '../../syscalls/table.js';

export const LIMITS: KernelLimits = {
  pendingPerAgent: 1000,
  pendingTotal: 10_000,
  pendingBytes: 2 ** 28,
  requestsPerSecond: 1000,
  maxMessageBytes: 2 ** 20,
  maxMessageDepth: 32,
  maxMessageValues: 10_000,
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
  finishedCalls: { ms: 900_000, count: 10_000 },
};

/** What a process was sent, and a reader that can be made slow. */
export class TestOutbox implements Outbox {
  readonly sent: Notification[] = [];
  closed: string | undefined;
  slow = false;

  notify(notification: Notification): void {
    this.sent.push(notification);
  }

  isSlow(): boolean {
    return this.slow;
  }

  close(reason: 'killed' | 'draining'): void {
    this.closed = reason;
  }

  /** Streamed text so far. */
  get text(): string {
    return this.sent.map(({ method, params }) => (method === 'llm.chunk' ? params.text : '')).join('');
  }
}

export interface SpawnOptions {
  readonly principal?: Principal;
  readonly parent?: number;
  readonly name?: string;
}

export interface TestKernel {
  readonly kernel: Kernel;
  readonly clock: VirtualClock;
  /** A process that has said hello. */
  spawn(options?: SpawnOptions): Promise<TestProcess>;
  /** Lets virtual time go on by so many milliseconds, and everything due in it happen. */
  pass(ms: number): Promise<void>;
}

export interface TestProcess {
  readonly session: Session;
  readonly outbox: TestOutbox;
  readonly pid: number;
}

export interface TestKernelOptions {
  readonly policy?: string | SchedulerPolicy;
  readonly limits?: Partial<KernelLimits>;
}

/** A kernel in process on the given cores and clock. */
export function kernelOn(clock: Clock, cores: readonly LLMCore[], options: TestKernelOptions = {}): Kernel {
  const { policy = 'fifo', limits = {} } = options;
  const ready = typeof policy === 'string' ? createPolicy(policy) : policy;
  return composeKernel(
    { policy: ready.name, limits: { ...LIMITS, ...limits } },
    {
      clock,
      stopwatch: () => performance.now(),
      random: () => 0.5,
      nextId: (seq) => `s${seq}`,
      log: pino({ level: 'silent' }),
      cores,
      policy: ready,
    },
  );
}

/** A process that has said hello. */
export async function spawnOn(kernel: Kernel, options: SpawnOptions = {}): Promise<TestProcess> {
  const { principal = LOCAL, parent, name = 'agent' } = options;
  const outbox = new TestOutbox();
  const session = kernel.open(principal, outbox);
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
