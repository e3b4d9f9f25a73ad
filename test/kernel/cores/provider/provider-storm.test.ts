import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { FakeReply } from '../../../support/fake-reply.js';
import { ask, callOf, errorOf } from '../ask.js';
import { provider } from './provider-world.js';

const TEXT = 'one two three four five six';
const REPLIES: readonly FakeReply[] = [
  { text: TEXT },
  { text: TEXT, delayMs: 2 },
  { text: TEXT, fault: { kind: 'status', status: 429 } },
  { text: TEXT, fault: { kind: 'status', status: 503 } },
  { text: TEXT, fault: { kind: 'hang' } },
  { text: TEXT, fault: { kind: 'stall', after: 2 } },
  { text: TEXT, fault: { kind: 'reset', after: 1 } },
  { text: TEXT, fault: { kind: 'cut', after: 1 } },
  { text: TEXT, fault: { kind: 'broken-json', after: 1 } },
  { text: TEXT, fault: { kind: 'error-event', after: 1, message: 'no' } },
  { text: TEXT, fault: { kind: 'endless' } },
  { text: TEXT, fault: { kind: 'redirect', to: 'http://169.254.169.254/' } },
];

test('under faults and aborts the provider never sees more calls than were open, and nothing is left over', async () => {
  const CAP = 8;
  const CALLS = 600;
  const plan = fc.sample(
    fc.record({ reply: fc.nat(REPLIES.length - 1), abortMs: fc.option(fc.nat(40), { freq: 2 }) }),
    {
      numRuns: CALLS,
      seed: 18,
    },
  );
  const config = {
    firstTokenTimeoutMs: 250,
    idleTimeoutMs: 250,
    maxResponseBytes: 5_000,
    breaker: { failures: CALLS, halfOpenAfterMs: 1 },
  };
  const { core, fake } = await provider((_request, index) => REPLIES[plan[index]?.reply ?? 0] ?? {}, config);
  const ended = { answered: 0, failed: 0, aborted: 0 };
  let next = 0;
  const worker = async () => {
    for (let call = plan[next++]; call !== undefined; call = plan[next++]) {
      // A redirect closes the core; here everything is sent all the same.
      core.reopen?.();
      const asked = ask(core, callOf('q'));
      const timer = call.abortMs === null ? undefined : setTimeout(() => asked.abort(new Error('gone')), call.abortMs);
      const error = await errorOf(asked.result);
      clearTimeout(timer);
      if (error === undefined) {
        expect(asked.text()).toBe(TEXT);
        ended.answered++;
      } else if ((error as Error).message === 'gone') ended.aborted++;
      else {
        expect(error).toMatchObject({ code: 'core-failed' });
        ended.failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: CAP }, worker));

  expect(ended.answered + ended.failed + ended.aborted).toBe(CALLS);
  expect(Math.min(ended.answered, ended.failed, ended.aborted)).toBeGreaterThan(25);
  expect(fake.maxInFlight.get('model-a')).toBeLessThanOrEqual(CAP);
  await core.close?.();
  await expect.poll(() => fake.connections(), { interval: 5 }).toBe(0);
  expect(fake.running).toBe(0);
});

test('a provider that does not close its side is cut off after a grace time', async () => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on('error', () => {}).resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { core } = await provider({}, { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const asked = ask(core, callOf('q'));
  await expect.poll(() => sockets[0]?.bytesRead, { interval: 2 }).toBeGreaterThan(0);
  const start = performance.now();
  asked.abort(new Error('gone'));
  expect(await errorOf(asked.result)).toMatchObject({ message: 'gone' });
  expect(performance.now() - start).toBeGreaterThan(450);
  expect(performance.now() - start).toBeLessThan(30_000);
  sockets[0]?.destroy();
});
