import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { oneCore, post } from './http-world.js';

const CHAT = '/v1/chat/completions';
const ask = { messages: [{ role: 'user', content: 'x' }], stream: true };

/** A client that sends a request and reads nothing of the answer. */
function stopped(url: string): Socket {
  const body = JSON.stringify(ask);
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  socket.pause();
  socket.write(`POST ${CHAT} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

test('readers that stop are held back, then cut off; others do not notice', async () => {
  const readers = 200;
  const limits = {
    sendBufferBytes: { slow: 4096, close: 65_536 },
    slowReaderMs: 300,
    chunkMs: 1,
    pendingBytes: 2 ** 30,
  };
  const { core, url, kernel } = await oneCore({ cap: readers + 1, limits });
  const sockets = Array.from({ length: readers }, () => stopped(url));
  await expect.poll(() => core.requests.length).toBe(readers);
  const slow = [...core.requests];
  const before = process.memoryUsage().rss;
  const piece = 'x'.repeat(32_768);
  const times: number[] = [];
  while (kernel.stats().syscalls.running > 0) {
    for (const request of slow) if (!request.signal.aborted) request.say(piece);
    const start = performance.now();
    const other = post(url + CHAT, { ...ask, stream: false });
    await expect.poll(() => core.requests.length, { interval: 1 }).toBe(readers + times.length + 1);
    core.last.say('ok').finish();
    expect((await other).status).toBe(200);
    times.push(performance.now() - start);
    await sleep(5);
  }
  expect(kernel.stats().syscalls.cancelled).toBe(readers);
  // What the kernel keeps of an open answer is the answer; it does not keep it once more for its reader.
  const written = times.length * piece.length * readers;
  process.stderr.write(
    `${times.length} rounds, rss +${((process.memoryUsage().rss - before) / 1e6).toFixed(0)} MB of ${(written / 1e6).toFixed(0)} MB written\n`,
  );
  for (const socket of sockets) socket.destroy();
});

test('a reader that catches up gets all of it', async () => {
  const { core, url } = await oneCore({ limits: { sendBufferBytes: { slow: 4096, close: 2 ** 26 }, chunkMs: 1 } });
  const sent = post(url + CHAT, ask);
  await expect.poll(() => core.requests.length).toBe(1);
  core.last.say('start ');
  const response = await sent;
  const piece = 'y'.repeat(100_000);
  for (let n = 0; n < 100; n++) core.last.say(piece);
  await sleep(50);
  core.last.finish();
  const text = await response.text();
  const events = text.split('\n').filter((line) => line.startsWith('data: {'));
  const contents = events.map((line) => JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? '');
  expect(contents.join('')).toBe(`start ${piece.repeat(100)}`);
  expect(text).toContain('[DONE]');
});
