import { expect, onTestFinished } from 'vitest';
import type { VirtualClock } from '../../../kernel/clock.js';
import type { CoreRequest, CoreResult, CoreRun, LLMCore } from '../../../kernel/cores/core.js';
import type { Kernel } from '../../../kernel/kernel.js';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import { uniform } from '../../../schedulers/uniform.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { ask, LIMITS, type TestProcess, testKernel } from '../../support/kernel.js';

/** `STORM_CALLS=100000 npx vitest run test/kernel/storm` is the long run. */
export const CALLS = Number(process.env['STORM_CALLS'] ?? 25_000);
const AGENTS = 40;

/** A provider that fails in every way it can, takes its time to close an aborted request, and counts what it runs. */
class BadProvider implements LLMCore {
  readonly info: CoreInfo;
  readonly #clock: () => VirtualClock;
  readonly #random: () => number;
  cap: number;
  inFlight = 0;
  overCap = 0;

  constructor(id: string, cap: number, clock: () => VirtualClock, draw: () => number) {
    this.cap = cap;
    this.#clock = clock;
    this.#random = draw;
    this.info = {
      id,
      kind: 'test',
      price: { inputPerMTok: 1, outputPerMTok: 1 },
      contextWindow: 100_000,
      cap,
      tools: true,
      responseFormat: true,
      supportsPrefix: true,
    };
  }

  async chat(_: CoreRequest, { signal, onChunk }: CoreRun): Promise<CoreResult> {
    // A call that ran before a cap was lowered may end; a new one must not start.
    if (this.inFlight >= this.cap) this.overCap++;
    this.inFlight++;
    try {
      const chunks = Math.floor(this.#random() * 4);
      for (let chunk = 0; chunk < chunks; chunk++) {
        await this.#wait(this.#random() * 40, signal);
        onChunk({ text: 'x', tokens: 1 });
      }
      await this.#wait(this.#random() * 20, signal);
      const draw = this.#random();
      if (draw < 0.02) throw new SyscallError('core-failed', 'HTTP 500');
      if (draw < 0.03) throw new SyscallError('core-failed', 'HTTP 429', { retryAfterMs: 50 });
      if (draw < 0.04) throw new SyscallError('core-rejected', 'HTTP 400');
      if (draw < 0.05) throw new TypeError('broken JSON');
      return { toolCalls: [], finishReason: 'stop', usage: { inputTokens: 1, outputTokens: chunks }, costUsd: 1e-6 };
    } finally {
      this.inFlight--;
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock().after(ms, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        this.#clock().after(this.#random() * 10, resolve);
      });
    });
    signal.throwIfAborted();
  }
}

export interface StormOptions {
  /** @default CALLS */
  readonly syscalls?: number;
  /** Called before the first syscall. @returns called when all have ended */
  readonly watch?: (kernel: Kernel, clock: VirtualClock) => () => Promise<void> | void;
}

/** Random syscalls with cancels, deadlines, disconnects, cap changes and faults: each ends once, caps hold, nothing is left. */
export async function storm(
  policy: string | SchedulerPolicy,
  { syscalls: most = CALLS, watch }: StormOptions = {},
): Promise<void> {
  // Nobody reads where thousands of refusals came from.
  const { stackTraceLimit } = Error;
  onTestFinished(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  Error.stackTraceLimit = 0;
  const draw = uniform(20);
  const limits = { ...LIMITS, retryBackoffMs: { base: 5, max: 50 }, pendingTotal: 80 };
  const cores: BadProvider[] = [3, 5, 8, 0].map((cap, n) => new BadProvider(`core-${n}`, cap, () => world.clock, draw));
  const world = testKernel(cores, { policy, limits });
  const { kernel, clock } = world;
  const ended = watch?.(kernel, clock);
  const ends = new Map<string, number>();
  kernel.events.on('final', ({ call: { id } }) => ends.set(id, (ends.get(id) ?? 0) + 1));
  const accepted = new Set<string>();
  kernel.events.on('accepted', ({ call }) => accepted.add(call.id));
  const replies = { settled: 0, sent: 0 };
  const agents: TestProcess[] = [];
  for (let n = 0; n < AGENTS; n++) agents.push(await world.spawn());

  const send = (agent: TestProcess) => {
    const more = {
      ...(draw() < 0.1 ? { deadlineMs: 1 + draw() * 200 } : {}),
      ...(draw() < 0.2 ? { models: [`core-${Math.floor(draw() * 4)}`] } : {}),
      ...(draw() < 0.5 ? { stream: true } : {}),
      ...(draw() < 0.1 ? { retry: 'never' } : {}),
    };
    replies.sent++;
    const settled = () => {
      replies.settled++;
    };
    agent.session.call('llm.chat', ask('x', more)).then(settled, settled);
  };
  const mishap = async () => {
    // The whole tree of a killed parent went with it.
    for (const [n, { outbox }] of agents.entries()) if (outbox.closed !== undefined) agents[n] = await world.spawn();
    const victim = Math.floor(draw() * AGENTS);
    const agent = agents[victim] as TestProcess;
    const kind = draw();
    if (kind < 0.9) {
      const target = [...accepted].at(-1 - Math.floor(draw() * 50));
      if (target !== undefined) await agent.session.call('syscall.cancel', { syscallId: target }).catch(() => {});
    } else if (kind < 0.96) {
      if (draw() < 0.5) agent.session.close('closed');
      else await agent.session.call('agent.kill', { pid: agent.pid });
      agents[victim] = await world.spawn({ parent: (agents[(victim + 1) % AGENTS] as TestProcess).pid });
    } else {
      const raised = cores.map(() => Math.floor(draw() * 9));
      for (const [n, core] of cores.entries()) core.cap = raised[n] as number;
      kernel.reload({ limits, cores: cores.map(({ info }, n) => ({ ...info, cap: raised[n] })) as never });
    }
  };
  while (replies.sent < most) {
    for (let n = 0; n < 25; n++) send(agents[Math.floor(draw() * AGENTS)] as TestProcess);
    if (draw() < 0.5) await mishap();
    if (accepted.size > 200) for (const id of [...accepted].slice(0, accepted.size - 100)) accepted.delete(id);
    for (const { outbox } of agents) outbox.sent.length = 0;
    await world.pass(draw() * 60);
  }
  for (const core of cores) core.cap = 8;
  kernel.reload({ limits, cores: cores.map(({ info }) => ({ ...info, cap: 8 })) as never });
  await world.pass(60_000);

  expect(replies.settled).toBe(replies.sent);
  expect([...ends.values()].filter((count) => count !== 1)).toEqual([]);
  const { syscalls } = kernel.stats();
  expect(syscalls.done + syscalls.failed + syscalls.cancelled + syscalls.expired).toBe(syscalls.accepted);
  expect(ends.size).toBe(syscalls.accepted);
  expect(syscalls).toMatchObject({ pending: 0, running: 0 });
  for (const kind of ['done', 'failed', 'cancelled', 'expired', 'rejected'] as const)
    expect(syscalls[kind]).toBeGreaterThan(most / 2000);
  expect(cores.map(({ overCap, inFlight }) => [overCap, inFlight])).toEqual(cores.map(() => [0, 0]));
  await ended?.();
  await kernel.stop();
  expect(clock.pendingTimers).toBe(0);
}
