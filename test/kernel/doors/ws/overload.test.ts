import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import { ask, kernelOn, openOn } from '../../../support/kernel.js';
import { ScriptedCore } from '../../../support/scripted-core.js';
import { connect, pause, rpc, serve } from './harness.js';

const ROOM = 50;
const CAP = 8;
const PEERS = 10;
/** Each peer asks for all the room there is: ten times too much. */
const CALLS = ROOM;

test('ten times more than fits is answered `busy` at once, with the time to wait, and what fits is served', async () => {
  const core = new ScriptedCore('a', { cap: CAP });
  const kernel = kernelOn(realClock, [core], { limits: { pendingTotal: ROOM, pendingPerAgent: ROOM } });
  const limits = { requestsPerSecond: 1e6 };
  const served = await serve({ limits, open: (principal, outbox) => openOn(kernel, principal, outbox) });
  onTestFinished(() => served.server.close());
  const peers = await Promise.all(Array.from({ length: PEERS }, () => connect(served)));
  for (const peer of peers) await peer.ask(rpc('hello', 'agent.hello', { protocol: 1, name: 'flood' }));
  const cpu = process.cpuUsage();
  const refusals: unknown[] = [];
  let accepted = 0;
  const flood = peers.map(async (peer) => {
    for (let n = 0; n < CALLS; n++) {
      const first = (await peer.ask(rpc(n, 'llm.chat', ask()))) as { method?: string; error?: { data: object } };
      if (first.method === 'syscall.accepted') accepted++;
      else refusals.push(first.error?.data);
    }
  });
  await Promise.all(flood);

  expect([accepted, refusals.length]).toEqual([ROOM, PEERS * CALLS - ROOM]);
  const busy = { code: 'busy', retryable: true, retryAfterMs: expect.any(Number) };
  expect(refusals).toEqual(refusals.map(() => busy));
  // The wall clock of a busy test machine says nothing: `npm run bench -- attack busy` has that.
  const { user, system } = process.cpuUsage(cpu);
  expect((user + system) / 1000 / (PEERS * CALLS)).toBeLessThan(4);

  while (kernel.stats().syscalls.done < ROOM) {
    for (const request of core.requests.splice(0)) request.finish();
    await pause(1);
  }
  expect(core.mostInFlight).toBe(CAP);
});
