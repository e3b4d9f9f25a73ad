import { expect, onTestFinished, test } from 'vitest';
import { VirtualClock } from '../../../../kernel/clock.js';
import { ReadCount, ReadTurns } from '../../../../kernel/doors/ws/read-turns.js';
import { connect, frame, Peer, rpc, serve } from './harness.js';

function readable() {
  const calls: string[] = [];
  return { calls, pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
}

test('a connection that sends much in one turn is read on in the next one, others are not held up', async () => {
  const clock = new VirtualClock();
  const turns = new ReadTurns(clock);
  const [busy, quiet] = [readable(), readable()];
  const [busyCount, quietCount] = [new ReadCount(busy), new ReadCount(quiet)];
  for (let n = 0; n < 100; n++) expect(turns.took(busyCount, 1)).toBe(false);
  turns.took(quietCount, 1);
  expect([busy.calls, quiet.calls, clock.pendingTimers]).toEqual([['pause'], [], 1]);
  await clock.runUntil(new Promise<void>((resolve) => clock.after(0, resolve)));
  expect([busy.calls, quiet.calls, clock.pendingTimers]).toEqual([['pause', 'resume'], [], 0]);
  expect([busyCount.requests, quietCount.requests]).toEqual([0, 0]);
});

test('a thousand requests sent at once are all answered', async () => {
  const served = await serve();
  onTestFinished(() => served.server.close());
  const peer = await connect(served);
  for (let id = 0; id < 1000; id++) peer.send(rpc(id));
  const replies = await peer.messages(1000);
  expect(replies.map(({ id }) => id)).toEqual(Array.from({ length: 1000 }, (_, id) => id));
});

test('more tiny messages at once than requests can be close the connection, and others do not wait', async () => {
  const served = await serve();
  onTestFinished(() => served.server.close());
  const other = await connect(served);
  const flooder = new Peer(served.server.url);
  const flood = Buffer.concat(Array.from({ length: 200_000 }, () => frame(Buffer.from('1'))));
  flooder.socket.on('upgrade', (response) => response.socket.write(flood));
  await flooder.opened();
  const before = process.cpuUsage();
  expect(await other.ask(rpc(1))).toHaveProperty('result');
  expect((await flooder.closed).code).not.toBe(1000);
  const { user, system } = process.cpuUsage(before);
  // All of it, both ends: answering every message would take seconds.
  expect((user + system) / 1000).toBeLessThan(1500);
});
