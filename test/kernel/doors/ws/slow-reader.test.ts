import { describe, expect, onTestFinished, test } from 'vitest';
import { VirtualClock } from '../../../../kernel/clock.js';
import { Corks, type SendingSocket, SocketOutbox } from '../../../../kernel/doors/ws/socket-outbox.js';
import { LIMITS } from '../../../support/kernel.js';
import { configOf, connect, type FakeSession, pause, rpc, type ServeOptions, serve, until } from './harness.js';

const KIB = 1024;

/** A socket whose reader takes bytes only when the test says so. */
class StuckSocket implements SendingSocket {
  readonly sent: string[] = [];
  readonly calls: string[] = [];
  closed: number | undefined;
  #written: (() => void)[] = [];
  bufferedAmount = 0;

  send(text: string, written: () => void): void {
    this.sent.push(text);
    this.#written.push(written);
    this.bufferedAmount += text.length;
  }

  close(code: number): void {
    this.closed = code;
  }

  cork(): void {
    this.calls.push('cork');
  }

  uncork(): void {
    this.calls.push('uncork');
  }

  /** The reader takes all but so many bytes. */
  take(left = 0): void {
    this.bufferedAmount = left;
    const written = this.#written;
    this.#written = [];
    for (const run of written) run();
  }
}

function outbox() {
  const clock = new VirtualClock();
  const socket = new StuckSocket();
  const heard = { drained: 0, shut: 0 };
  const limits = { ...LIMITS, sendBufferBytes: { slow: 100, close: 400 }, slowReaderMs: 1000 };
  const box = new SocketOutbox(socket, socket, {
    clock,
    limits: () => limits,
    corks: new Corks(clock),
    onDrained: () => heard.drained++,
    onShut: () => heard.shut++,
  });
  const pass = (ms: number) => clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve)));
  return { box, socket, heard, pass, clock };
}

describe('an outbox', () => {
  test('writes what one turn of the event loop brings in one go', async () => {
    const { box, socket, pass } = outbox();
    box.send('a');
    box.send('b');
    expect(socket.calls).toEqual(['cork']);
    await pass(0);
    box.send('c');
    await pass(0);
    expect(socket.calls).toEqual(['cork', 'uncork', 'cork', 'uncork']);
    expect(socket.sent).toEqual(['a', 'b', 'c']);
  });

  test('is slow above the mark, and reports once it is below it again', () => {
    const { box, socket, heard } = outbox();
    box.send('x'.repeat(100));
    expect(box.isSlow()).toBe(false);
    box.send('x');
    expect(box.isSlow()).toBe(true);
    socket.take(101);
    expect([box.isSlow(), heard.drained]).toEqual([true, 0]);
    box.send('');
    socket.take(100);
    expect([box.isSlow(), heard.drained]).toEqual([false, 1]);
    socket.take();
    expect(heard.drained).toBe(1);
  });

  test('shuts when it is slow for too long, and only then', async () => {
    const { box, socket, heard, pass, clock } = outbox();
    box.send('x'.repeat(101));
    await pass(999);
    socket.take();
    await pass(2000);
    expect([socket.closed, clock.pendingTimers]).toEqual([undefined, 0]);
    box.send('x'.repeat(101));
    await pass(1000);
    expect([socket.closed, heard.shut]).toEqual([1013, 1]);
  });

  test('shuts when too much is held already, and holds at most one message more than the limit', () => {
    const { box, socket, heard } = outbox();
    box.send('x'.repeat(400));
    box.send('y');
    expect(socket.closed).toBeUndefined();
    box.send('z');
    box.send('z');
    box.close('killed');
    expect([socket.closed, heard.shut, socket.bufferedAmount]).toEqual([1013, 1, 401]);
  });

  test('leaves no timer once its socket is gone', async () => {
    const { box, socket, pass, clock } = outbox();
    box.send('x'.repeat(101));
    box.dispose();
    box.send('late');
    box.shut('killed');
    socket.take();
    await pass(0);
    expect([clock.pendingTimers, socket.sent.length, socket.closed]).toEqual([0, 1, undefined]);
  });
});

async function start(options: ServeOptions) {
  const served = await serve(options);
  onTestFinished(() => served.server.close());
  return served;
}

/** Streams as the kernel does: nothing while the reader is slow. @returns bytes streamed in all */
function stream(session: FakeSession, most: number): number {
  const chunk = 'x'.repeat(16 * KIB);
  let bytes = 0;
  while (bytes < most && !session.outbox.isSlow()) {
    session.outbox.notify({
      method: 'llm.chunk',
      params: { syscallId: 's', seq: 0, attempt: 1, offset: 0, text: chunk },
    });
    bytes += chunk.length;
  }
  return bytes;
}

describe('over a socket', () => {
  const limits = { sendBufferBytes: { slow: 64 * KIB, close: 256 * KIB }, handshakeTimeoutMs: 200 };

  test('a reader that pauses pauses its stream, and one that goes on gets all of it', async () => {
    const served = await start({ limits });
    const peer = await connect(served);
    peer.socket.pause();
    let bytes = 0;
    do {
      bytes += stream(served.session, 64 * 1024 * KIB);
      await pause(10);
    } while (!served.session.outbox.isSlow());
    expect(stream(served.session, KIB)).toBe(0);
    peer.socket.resume();
    await until(() => served.session.timesDrained === 1);
    const rest = stream(served.session, 32 * KIB);
    const received = await peer.messages((bytes + rest) / (16 * KIB));
    expect(received.length).toBe((bytes + rest) / (16 * KIB));
  });

  test('a reader that never goes on is closed with 1013, and its session at once', async () => {
    const served = await start({ limits: { ...limits, slowReaderMs: 100 } });
    const peer = await connect(served);
    peer.socket.pause();
    while (served.session.timesClosed === 0) {
      stream(served.session, 64 * 1024 * KIB);
      await pause(10);
    }
    peer.socket.resume();
    expect(await peer.closed).toEqual({ code: 1013, reason: 'slow reader' });
  });

  test('one who reads no replies is closed, and the others do not notice', async () => {
    const served = await start({ limits: { ...limits, requestsPerSecond: 1e6 } });
    const [deaf, other] = [await connect(served), await connect(served)];
    const session = served.sessions[0] as FakeSession;
    session.answer = () => ({ result: 'x'.repeat(64 * KIB) });
    deaf.socket.pause();
    for (let id = 0; session.timesClosed === 0; id++) {
      deaf.send(rpc(id));
      if (id % 10 === 0) expect(await other.ask(rpc(id))).toHaveProperty('result');
    }
    deaf.socket.terminate();
  });

  test('forty readers that never read are paused at the default limits, and then they are gone', async () => {
    expect(configOf({}).limits.sendBufferBytes).toEqual({ slow: 1024 * KIB, close: 4096 * KIB });
    const served = await start({ limits: { slowReaderMs: 300, handshakeTimeoutMs: 100 } });
    const peers = await Promise.all(Array.from({ length: 40 }, () => connect(served)));
    for (const { socket } of peers) socket.pause();
    while (served.sessions.some(({ timesClosed }) => timesClosed === 0)) {
      for (const session of served.sessions) stream(session, 256 * KIB);
      await pause(5);
    }
    for (const { socket } of peers) socket.terminate();
  });
});

describe('the heartbeat', () => {
  test('drops a peer that answers no pings, and keeps one that does', async () => {
    const served = await start({ limits: { heartbeatMs: 64, missedPings: 2 } });
    const half = await connect(served, { autoPong: false });
    const whole = await connect(served);
    let pings = 0;
    half.socket.on('ping', () => pings++);
    expect(await half.closed).toMatchObject({ code: 1006 });
    expect(pings).toBeLessThanOrEqual(2);
    await until(() => served.sessions[0]?.timesClosed === 1);
    await pause(300);
    expect(await whole.ask(rpc(1))).toHaveProperty('result');
  });

  test('a peer whose requests come is there, even without pongs', async () => {
    const served = await start({ limits: { heartbeatMs: 64, missedPings: 2 } });
    const peer = await connect(served, { autoPong: false });
    for (let id = 0; id < 20; id++) {
      await pause(20);
      expect(await peer.ask(rpc(id))).toHaveProperty('result');
    }
  });
});
