import { expect, onTestFinished, test } from 'vitest';
import { connect, frame, Peer, rpc, serve } from './harness.js';

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
