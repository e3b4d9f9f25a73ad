import { afterEach, expect, test, vi } from 'vitest';
import { realClock, VirtualClock } from '../../kernel/clock.js';
import { simulatedConfig, simulatedCore } from '../../kernel/cores/simulated.js';
import { uniform } from '../../schedulers/uniform.js';
import type { SyscallError } from '../../syscalls/errors.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import { kernelOn, spawnOn, type TestProcess } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

afterEach(() => vi.useRealTimers());

const config = (id: string, cap: number, tokens = 100) =>
  simulatedConfig.parse({
    kind: 'simulated',
    id,
    price: { inputPerMTok: 1, outputPerMTok: 10 },
    cap,
    ttftMs: 0,
    prefillSpeed: 'unlimited',
    decodeSpeed: 100,
    answerTokens: { median: tokens, spread: 0 },
    chunkMs: 0,
  });

function world(cores: readonly ReturnType<typeof config>[], options: Parameters<typeof kernelOn>[2]) {
  const clock = new VirtualClock();
  const kernel = kernelOn(
    clock,
    cores.map((core) => simulatedCore(core, { clock, seed: 1, env: {} })),
    options,
  );
  const pass = (ms: number) => clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve)));
  return { clock, kernel, pass };
}

const say = (process: TestProcess, text: string, more: object = {}) =>
  process.session.call('llm.chat', { messages: [{ role: 'user', content: text }], ...more });

test('at ten times its capacity a kernel refuses with a time to come back, holds no more than its limit, and loses no goodput', async () => {
  // Four slots of one second a call: four calls a second.
  const { kernel, clock, pass } = world([config('a', 4)], { limits: { pendingTotal: 20, pendingPerAgent: 20 } });
  const agent = await spawnOn(kernel);
  const draw = uniform(1);
  const refusals: SyscallError[] = [];
  let mostOpen = 0;
  let done = 0;
  for (let sent = 0; sent < 4000; sent++) {
    say(agent, `call ${sent}`).then(
      () => done++,
      (error: SyscallError) => refusals.push(error),
    );
    const { pending, running } = kernel.stats().syscalls;
    mostOpen = Math.max(mostOpen, pending + running);
    await pass(draw() * 50);
  }
  expect(done / (clock.now() / 1000)).toBeGreaterThan(0.9 * 4);
  expect(mostOpen).toBeLessThanOrEqual(20);
  expect(refusals.length).toBeGreaterThan(3000);
  for (const { code, retryAfterMs } of refusals) expect([code, Number(retryAfterMs) > 0]).toEqual(['busy', true]);
});

test('under fifo calls start on each core in the order of their acceptance', async () => {
  const { kernel, clock } = world([config('a', 2), config('b', 3), config('c', 1)], { policy: 'fifo' });
  const agents = await Promise.all(Array.from({ length: 10 }, () => spawnOn(kernel)));
  const draw = uniform(2);
  const replies: Promise<ChatReply>[] = [];
  for (let n = 0; n < 2000; n++) {
    const models = ['a', 'b', 'c'].filter(() => draw() < 0.6);
    const more = {
      maxTokens: 1 + Math.floor(draw() * 100),
      ...(models.length > 0 ? { models } : {}),
      priority: Math.floor(draw() * 10),
    };
    replies.push(say(agents[n % 10] as TestProcess, `call ${n}`, more));
    if (draw() < 0.5) await clock.runUntil(new Promise<void>((resolve) => clock.after(draw() * 300, resolve)));
  }
  const done = await clock.runUntil(Promise.all(replies));
  // Calls of one core and one allow list wait in one line; the lines of different lists are served in order too.
  for (const core of ['a', 'b', 'c']) {
    const starts = done.filter((reply) => reply.core === core).map(({ times }) => times.started);
    expect(starts).toEqual(starts.toSorted((one, two) => one - two));
  }
});

/** The p99 of the waiting of 99 agents that keep ten slots 70 % busy with calls of half a second, in milliseconds. */
async function quietWait(policy: string, flooded: boolean): Promise<number> {
  const { kernel, clock } = world([config('a', 10, 50)], { policy, limits: { pendingPerAgent: 10_000 } });
  const draw = uniform(3);
  const agents = await Promise.all(Array.from({ length: 100 }, () => spawnOn(kernel)));
  const [loud, ...others] = agents as [TestProcess, ...TestProcess[]];
  const quiet: Promise<ChatReply>[] = [];
  for (let n = 0; n < 2000; n++) {
    quiet.push(say(others[Math.floor(draw() * 99)] as TestProcess, `call ${n}`));
    // A hundred times what one of the others asks for.
    if (flooded) say(loud, `flood ${n}`).catch(() => {});
    await clock.runUntil(new Promise<void>((resolve) => clock.after((-Math.log(1 - draw()) * 1000) / 14, resolve)));
  }
  const done = await clock.runUntil(Promise.all(quiet));
  const waits = done.map(({ times }) => times.started - times.accepted).sort((a, b) => a - b);
  return waits[Math.floor(0.99 * waits.length)] as number;
}

test("one agent's flood costs 99 others no more than the rest of a running call under round-robin, and does not double their waiting with time slices", async () => {
  const [alone, beside] = [await quietWait('round-robin', false), await quietWait('round-robin', true)];
  expect(alone).toBeGreaterThan(100);
  expect(beside - alone).toBeLessThan(500);
  const sliced = 'round-robin:timeSliceMs=100';
  expect(await quietWait(sliced, true)).toBeLessThan(2 * (await quietWait(sliced, false)));
  expect(await quietWait('fifo', true)).toBeGreaterThan(10 * beside);
});

test('a deadline is kept to the millisecond of the clock, and no token comes after it', async () => {
  const { kernel, clock } = world([config('a', 5, 200)], {});
  const agent = await spawnOn(kernel);
  const draw = uniform(4);
  const late: number[] = [];
  await clock.runUntil(
    Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const start = clock.now();
        const deadlineMs = 1 + draw() * 5000;
        const outcome = await say(agent, `call ${n}`, { deadlineMs, stream: true }).catch(
          (error: SyscallError) => error.code,
        );
        if (outcome !== 'expired') return;
        late.push(clock.now() - start - deadlineMs);
        const heard = agent.outbox.sent.length;
        await Promise.resolve();
        expect(agent.outbox.sent.length).toBe(heard);
      }),
    ),
  );
  expect(late.length).toBeGreaterThan(100);
  expect(Math.max(...late)).toBeLessThan(1e-6);
});

test('the clock of the kernel does not follow a jump of the wall clock', () => {
  const before = realClock.now();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  expect(realClock.now() - before).toBeLessThan(60_000);
});

test('killing and disconnecting in a row leaves nothing behind', async () => {
  const core = new ScriptedCore('a', { cap: 3 });
  const clock = new VirtualClock();
  const kernel = kernelOn(clock, [core]);
  for (let n = 0; n < 200; n++) {
    const parent = await spawnOn(kernel);
    const child = await spawnOn(kernel, { parent: parent.pid });
    for (const process of [parent, child])
      for (let k = 0; k < 3; k++) say(process, 'x', { deadlineMs: 5000 }).catch(() => {});
    await clock.runUntil(new Promise<void>((resolve) => clock.after(1, resolve)));
    if (n % 2 === 0) await parent.session.call('agent.kill', { pid: parent.pid });
    parent.session.close('closed');
    child.session.close('closed');
  }
  await clock.runUntil(new Promise<void>((resolve) => clock.after(1, resolve)));
  expect(kernel.stats()).toMatchObject({
    agents: 0,
    syscalls: { accepted: 1200, cancelled: 1200, pending: 0, running: 0 },
  });
  expect([core.inFlight, clock.pendingTimers]).toEqual([0, 0]);
});
