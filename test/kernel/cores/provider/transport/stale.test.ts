import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { certificateFor, NO_OPENSSL } from '../../../../support/certificate.js';
import { errorOf } from '../../ask.js';
import { ask, post, rawProvider, transportTo } from './transport-world.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const certificate = certificateFor('IP:127.0.0.1');

/** Runs `answer` for each request of a connection, with its number from 0. */
function onRequests(socket: Socket, answer: (index: number) => void): void {
  let count = 0;
  socket.on('data', (bytes) => {
    if (bytes.includes('\r\n\r\n')) answer(count++);
  });
}

/** Answers the first request of each connection; what follows is `then`. */
const servesOne = (then: (socket: Socket) => void) => (socket: Socket) =>
  onRequests(socket, (index) => {
    if (index === 0) socket.write(OK);
    else then(socket);
  });

/** A connection is idle, and may be used again, a turn of the event loop after its answer was read. */
const idle = () => new Promise((resolve) => setImmediate(resolve));

describe('a kept connection that the provider has dropped', () => {
  test.for<readonly [string, (socket: Socket) => void, boolean?]>([
    ['is reset', (socket) => socket.resetAndDestroy()],
    ['is closed', (socket) => socket.destroy()],
    ['is closed in good order', (socket) => socket.end()],
    ['is closed over TLS', (socket) => socket.destroy(), true],
    ['is closed in good order over TLS', (socket) => socket.end(), true],
  ])('and %s without a byte of the answer: the request goes out once more, on a fresh one', async ([_, end, isSecure], {
    skip,
  }) => {
    if (isSecure === true && certificate === undefined) skip(NO_OPENSSL);
    const { url, connections } = await rawProvider(servesOne(end), isSecure === true ? certificate : undefined);
    const transport = await transportTo(url, { ca: certificate?.cert });
    for (let i = 0; i < 4; i++) {
      expect(await ask(transport, url)).toBe('ok');
      await idle();
    }
    // The first of each connection is answered, the second drops it.
    expect(connections()).toBe(4);
  });

  test('takes the other idle ones with it: the second try meets none of them', async () => {
    const { url, connections } = await rawProvider(servesOne((socket) => socket.resetAndDestroy()));
    const transport = await transportTo(url);
    await Promise.all([1, 2, 3, 4, 5].map(() => ask(transport, url)));
    await idle();
    expect(connections()).toBe(5);
    expect(await ask(transport, url)).toBe('ok');
    expect(connections()).toBe(6);
  });

  test.each([
    ['a byte of the status line', 'H'],
    ['the header', 'HTTP/1.1 200 OK\r\nx-a: b\r\n'],
    ['an interim response', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('after %s has failed: the request may have been processed', async (_, start) => {
    let sent = 0;
    const { url } = await rawProvider(
      servesOne((socket) => {
        sent++;
        socket.write(start, () => setTimeout(() => socket.resetAndDestroy(), 20));
      }),
    );
    const transport = await transportTo(url);
    await ask(transport, url);
    await idle();
    expect(await errorOf(ask(transport, url))).toMatchObject({ code: 'ECONNRESET' });
    expect(sent).toBe(1);
  });

  test('in the middle of the body has failed', async () => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf';
    const { url, connections } = await rawProvider(
      servesOne((socket) => socket.write(half, () => setTimeout(() => socket.resetAndDestroy(), 20))),
    );
    const transport = await transportTo(url);
    await ask(transport, url);
    await idle();
    expect(await errorOf(ask(transport, url))).toMatchObject({ code: 'ECONNRESET' });
    expect(connections()).toBe(1);
  });

  test('is not tried twice: a fresh connection that fails too is a failure', async () => {
    const { url, connections } = await rawProvider((socket, index) => {
      onRequests(socket, (request) => {
        if (index === 0 && request === 0) socket.write(OK);
        else socket.resetAndDestroy();
      });
    });
    const transport = await transportTo(url);
    await ask(transport, url);
    await idle();
    expect(await errorOf(ask(transport, url))).toMatchObject({ code: 'ECONNRESET' });
    expect(connections()).toBe(2);
  });

  test('counts as closed with all that was sent', async () => {
    const { url } = await rawProvider(servesOne((socket) => socket.resetAndDestroy()));
    const transport = await transportTo(url);
    await ask(transport, url);
    await idle();
    const { signal } = new AbortController();
    const response = await post(transport, url, signal);
    expect(await response.text()).toBe('ok');
    await transport.closed(signal);
  });
});

test('a fresh connection that is reset has failed: nothing is sent again', async () => {
  const { url, connections } = await rawProvider((socket) => onRequests(socket, () => socket.resetAndDestroy()));
  const transport = await transportTo(url);
  expect(await errorOf(ask(transport, url))).toMatchObject({ code: 'ECONNRESET' });
  expect(connections()).toBe(1);
});

test('a request that is given up is not sent again', async () => {
  const controller = new AbortController();
  const { url, connections } = await rawProvider(
    servesOne((socket) => {
      controller.abort(new Error('gone'));
      socket.resetAndDestroy();
    }),
  );
  const transport = await transportTo(url);
  await ask(transport, url);
  await idle();
  await errorOf(post(transport, url, controller.signal));
  await transport.closed(controller.signal);
  expect(connections()).toBe(1);
});
