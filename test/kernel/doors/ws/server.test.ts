import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import { connect, frame, knock, Peer, pause, rpc, type ServeOptions, serve, until } from './harness.js';

async function start(options: ServeOptions = {}) {
  const served = await serve(options);
  onTestFinished(() => served.server.close());
  return served;
}

function refusal(id: unknown, code: string, message: string) {
  return { jsonrpc: '2.0', id, error: expect.objectContaining({ message, data: expect.objectContaining({ code }) }) };
}

describe('a message', () => {
  test('gets the reply of its session, with its id', async () => {
    const served = await start();
    const peer = await connect(served);
    expect(await peer.ask(rpc(1, 'kernel.ps', { a: [1] }))).toEqual({ jsonrpc: '2.0', id: 1, result: 'kernel.ps' });
    expect(await peer.ask(rpc('x'))).toEqual({ jsonrpc: '2.0', id: 'x', result: 'kernel.stats' });
    expect(served.session.requests[0]).toEqual(rpc(1, 'kernel.ps', { a: [1] }));
  });

  test.each([
    ['', null, 'parse-error', 'message: Expected JSON, got 0 characters that are not valid JSON'],
    ['{"id":1', null, 'parse-error', 'message: Expected JSON, got 7 characters that are not valid JSON'],
    ['['.repeat(33), null, 'invalid-request', 'message: Expected at most 32 levels of nesting, got more'],
    ['null', null, 'invalid-request', expect.stringMatching(/^message: .*, got null$/)],
    ['"text"', null, 'invalid-request', expect.stringMatching(/^message: .*, got "text"$/)],
    ['{"jsonrpc":"2.0","id":1e999,"method":"a"}', null, 'invalid-request', expect.stringMatching(/^message.id: /)],
    ['{"jsonrpc":"2.0","id":{},"method":"a"}', null, 'invalid-request', expect.stringMatching(/^message.id: /)],
    ['{"jsonrpc":"1.0","id":7,"method":"a"}', 7, 'invalid-request', expect.stringMatching(/^message.jsonrpc: /)],
    ['{"jsonrpc":"2.0","id":7,"method":1}', 7, 'invalid-request', expect.stringMatching(/^message.method: .* got 1$/)],
  ])('that is no request is refused, and the connection lives on: %s', async (text, id, code, message) => {
    const peer = await connect(await start());
    expect(await peer.ask(text)).toEqual(refusal(id, code, message));
    expect(await peer.ask(rpc(2))).toHaveProperty('result');
  });

  test('that is not text closes the connection', async () => {
    const peer = await connect(await start());
    peer.socket.send(Buffer.from('{}'), { binary: true });
    expect(await peer.closed).toEqual({ code: 1003, reason: 'expected text' });
  });

  test('larger than the limit closes the connection, also when it comes in fragments', async () => {
    const served = await start({ limits: { maxMessageBytes: 1000 } });
    const [whole, parts] = [await connect(served), await connect(served)];
    whole.send(`"${'x'.repeat(1000)}"`);
    for (let n = 0; n < 11; n++) parts.socket.send('y'.repeat(100), { fin: false });
    expect(await whole.closed).toMatchObject({ code: 1009 });
    expect(await parts.closed).toMatchObject({ code: 1009 });
    await until(() => served.sessions.every(({ timesClosed }) => timesClosed === 1));
    expect(served.sessions.map(({ requests }) => requests.length)).toEqual([0, 0]);
  });

  test('in one-byte fragments is put together, and too many fragments close the connection', async () => {
    const peer = await connect(await start());
    const text = JSON.stringify(rpc(1));
    for (const [at, char] of [...text].entries()) peer.socket.send(char, { fin: at === text.length - 1 });
    expect(await peer.messages(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'kernel.stats' }]);
    for (let n = 0; n < 20_000; n++) peer.socket.send('x', { fin: false });
    expect(await peer.closed).toMatchObject({ code: 1008 });
  });

  test('of 64 KiB from who has not said hello ends its socket at once', async () => {
    const served = await start();
    const peer = await connect(served);
    served.session.isProcess = false;
    peer.socket.send('x'.repeat(500_000), { fin: false });
    expect([1006, 1013]).toContain((await peer.closed).code);
    await until(() => served.session.timesClosed > 0);
  });

  test('for which the session throws fails alone, and the log does not hold its content', async () => {
    const lines: string[] = [];
    const log = pino(
      { serializers: { err: (error: Error) => error.name } },
      { write: (line) => void lines.push(line) },
    );
    const served = await start({ log });
    const peer = await connect(served);
    served.session.answer = ({ id, method }) => {
      if (id === 1) throw new TypeError('at secret prompt');
      if (id === 2) return { result: 1n };
      return { result: method };
    };
    const failed = { error: { code: -32603, message: 'The kernel failed to handle this request' } };
    expect(await peer.ask(rpc(1, 'kernel.ps', ['secret prompt']))).toMatchObject({ id: 1, ...failed });
    expect(await peer.ask(rpc(2))).toMatchObject({ id: 2, ...failed });
    expect(await peer.ask(rpc(3))).toHaveProperty('result');
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('secret');
  });
});

test('requests over the rate are refused with the time to wait, each connection by itself', async () => {
  let now = 0;
  const clock = { ...realClock, now: () => now };
  const served = await start({ clock, limits: { requestsPerSecond: 10 } });
  const [peer, other] = [await connect(served), await connect(served)];
  for (let id = 0; id < 10; id++) expect(await peer.ask(rpc(id))).toHaveProperty('result');
  expect(await peer.ask(rpc(10))).toMatchObject({
    id: 10,
    error: { data: { code: 'rate-limited', retryAfterMs: 100 } },
  });
  expect(await peer.ask('{')).toMatchObject({ id: null, error: { data: { code: 'parse-error' } } });
  expect(await other.ask(rpc(1))).toHaveProperty('result');
  now += 99;
  expect(await peer.ask(rpc(11))).toMatchObject({ error: { data: { retryAfterMs: 1 } } });
  now += 1;
  expect(await peer.ask(rpc(12))).toHaveProperty('result');
  now += 3_600_000;
  for (let id = 20; id < 30; id++) expect(await peer.ask(rpc(id))).toHaveProperty('result');
  expect(await peer.ask(rpc(30))).toHaveProperty('error');
});

describe('a connection', () => {
  test('carries the notifications of its session in order with the replies', async () => {
    const served = await start();
    const peer = await connect(served);
    const accepted = { method: 'syscall.accepted', params: { request: 1, syscallId: 's' } } as const;
    served.session.answer = ({ id }) => {
      served.session.outbox.notify(accepted);
      return { result: id };
    };
    peer.send(rpc(1));
    peer.send(rpc(2));
    const note = { jsonrpc: '2.0', ...accepted };
    const [first, second] = [1, 2].map((id) => ({ jsonrpc: '2.0', id, result: id }));
    const received = await peer.messages(4);
    expect(received.filter((message) => 'method' in message)).toEqual([note, note]);
    expect(received.filter((message) => 'id' in message)).toEqual([first, second]);
    expect(received.at(-1)).toEqual(second);
  });

  test.each([
    ['killed', 4001],
    ['draining', 1001],
  ] as const)('that the kernel closes as %s says so after the last replies', async (reason, code) => {
    const served = await start();
    const peer = await connect(served);
    const open: (() => void)[] = [];
    served.session.answer = ({ id }) => new Promise((resolve) => open.push(() => resolve({ result: id })));
    peer.send(rpc(1));
    peer.send(rpc(2));
    await until(() => open.length === 2);
    for (const finish of open) finish();
    served.session.outbox.close(reason);
    expect(await peer.closed).toEqual({ code, reason });
    expect(peer.received.map(({ id }) => id)).toEqual([1, 2]);
    await until(() => served.session.timesClosed > 0);
  });

  test('that does not say hello in time is closed, others stay', async () => {
    const served = await start({ limits: { handshakeTimeoutMs: 60 } });
    const honest = await connect(served);
    const silent = await connect(served);
    served.session.isProcess = false;
    expect(await silent.closed).toEqual({ code: 1008, reason: 'no hello' });
    expect(await honest.ask(rpc(1))).toHaveProperty('result');
  });

  test('that is cut closes its session, and late replies go nowhere', async () => {
    const served = await start();
    const peer = await connect(served);
    let finish = () => {};
    served.session.answer = () =>
      new Promise((resolve) => {
        finish = () => resolve({ result: 0 });
      });
    peer.send(rpc(1));
    await until(() => served.session.requests.length === 1);
    peer.socket.terminate();
    await until(() => served.session.timesClosed > 0);
    finish();
    served.session.outbox.notify({
      method: 'llm.chunk',
      params: { request: 1, syscallId: 's', seq: 0, attempt: 1, offset: 0, text: '' },
    });
    served.session.outbox.close('killed');
    await pause(20);
  });
});

describe('the server', () => {
  test('speaks only WebSocket', async () => {
    const { server } = await start();
    const response = await fetch(server.url.replace('ws', 'http'));
    expect(response.status).toBe(426);
  });

  test('refuses new connections once it stops listening, and open ones go on', async () => {
    const served = await start();
    const peer = await connect(served);
    served.server.stopListening();
    served.server.stopListening();
    await expect(knock(served.server.port)).rejects.toThrow(/ECONNREFUSED/);
    expect(await peer.ask(rpc(1))).toHaveProperty('result');
  });

  test('closes once, telling everybody why, however often it is asked, and leaves nothing behind', async () => {
    const served = await start();
    const peers = await Promise.all([connect(served), connect(served)]);
    await Promise.all([served.server.close(), served.server.close()]);
    await served.server.close();
    for (const peer of peers) expect(await peer.closed).toEqual({ code: 1001, reason: 'draining' });
    expect(served.sessions.every(({ timesClosed }) => timesClosed > 0)).toBe(true);
  });

  test('does not wait for ever for a peer that answers no close', async () => {
    const served = await start({ limits: { handshakeTimeoutMs: 100 } });
    const peer = await connect(served);
    peer.socket.pause();
    const before = realClock.now();
    await served.server.close();
    expect(realClock.now() - before).toBeLessThan(1500);
    peer.socket.terminate();
  });

  test('says which port is taken', async () => {
    const { server } = await start();
    const second = serve({ listen: { port: server.port } });
    await expect(second).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/EADDRINUSE/),
    });
  });

  test('takes over new limits', async () => {
    const served = await start();
    const old = await connect(served);
    served.server.reload({ limits: { ...served.limits, maxMessageDepth: 1, maxMessageBytes: 100 } });
    expect(await old.ask(rpc(1, 'a', {}))).toMatchObject({ error: { message: expect.stringMatching(/1 levels/) } });
    const peer = await connect(served);
    peer.send(`"${'x'.repeat(100)}"`);
    expect(await peer.closed).toMatchObject({ code: 1009 });
  });
});

test('a wrong frame ends its own connection only', async () => {
  const served = await start();
  const other = await connect(served);
  const wrong = [
    frame(Buffer.from('{}'), { masked: false }),
    frame(Buffer.from('{}'), { rsv: 4 }),
    frame(Buffer.from('{}'), { opcode: 3 }),
    frame(Buffer.from('{}'), { opcode: 0 }),
    frame(Buffer.alloc(126), { opcode: 9 }),
    frame(Buffer.from([0xff, 0xfe]), {}),
    frame(Buffer.from([0x03]), { opcode: 8 }),
  ];
  for (const bytes of wrong) {
    const peer = new Peer(served.server.url);
    peer.socket.on('upgrade', (response) => response.socket.write(bytes));
    expect([1002, 1007]).toContain((await peer.closed).code);
  }
  expect(await other.ask(rpc(1))).toHaveProperty('result');
});
