import { describe, expect, onTestFinished, test } from 'vitest';
import { VirtualClock } from '../../../../kernel/clock.js';
import { Corks, type SendingSocket, SocketOutbox } from '../../../../kernel/doors/ws/socket-outbox.js';
import { Held } from '../../../../kernel/process/held.js';
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

  send(text: string, _options: object, written: () => void): void {
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

  /** The reader takes all that it was sent. */
  take(): void {
    this.bufferedAmount = 0;
    const written = this.#written;
    this.#written = [];
    for (const run of written) run();
  }
}

function outbox() {
  const clock = new VirtualClock();
  const socket = new StuckSocket();
  const heard = { slow: 0, drained: 0, shut: 0, behind: 0 };
  const limits = { ...LIMITS, sendBufferBytes: { slow: 400, close: 1600 }, slowReaderMs: 1000 };
  const held = new Held();
  const box = new SocketOutbox(socket, socket, {
    ...{ clock, limits: () => limits, corks: new Corks(clock), held, owner: 'me' },
    behind: () => heard.behind,
    onSlow: () => heard.slow++,
    onDrained: () => heard.drained++,
    onShut: () => heard.shut++,
  });
  // What was sent is flushed in the turn after the next.
  const pass = (ms: number) =>
    clock.runUntil(new Promise<void>((resolve) => clock.after(ms, () => clock.after(0, resolve))));
  return { box, socket, heard, held, pass, clock };
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

  test('gives its socket a quarter of what makes it slow, and keeps the rest in order', () => {
    const { box, socket, heard, held } = outbox();
    for (let n = 0; n < 8; n++) box.send(`${n}`.repeat(50));
    expect(socket.sent).toEqual(['0'.repeat(50), '1'.repeat(50)]);
    expect([box.isSlow(), held.of('me'), heard.slow]).toEqual([false, 300, 0]);
    box.send('8'.repeat(50));
    expect([box.isSlow(), held.of('me'), heard.slow]).toEqual([true, 350, 1]);
    socket.take();
    expect([box.isSlow(), held.of('me'), heard.drained]).toEqual([false, 250, 1]);
    for (let n = 0; n < 3; n++) socket.take();
    expect(socket.sent.join('')).toBe(Array.from({ length: 9 }, (_, n) => `${n}`.repeat(50)).join(''));
    expect(held.total).toBe(0);
  });

  test('sends a long message in pieces as they are taken, and no piece ends in half a character', () => {
    const { box, socket, held } = outbox();
    const text = 'x'.repeat(2 ** 16 - 1) + '\u{1f600}'.repeat(2 ** 16);
    box.send(text);
    expect([socket.sent.length, box.isSlow()]).toEqual([1, true]);
    while (box.isSlow()) socket.take();
    expect(socket.sent.length).toBeGreaterThan(2);
    expect(socket.sent.join('')).toBe(text);
    expect(socket.sent.every((piece) => piece.isWellFormed())).toBe(true);
    expect(held.total).toBe(0);
  });

  test('a message in pieces is made when its turn comes, and counts as what it holds', () => {
    const { box, socket, held } = outbox();
    box.send('x'.repeat(150));
    box.send('y'.repeat(150));
    let made = 0;
    const reply = {
      *[Symbol.iterator]() {
        for (const piece of ['{"text":', '"z"', '}']) {
          made++;
          yield piece;
        }
      },
    };
    box.send(reply, 77);
    expect([made, held.of('me')]).toEqual([0, 227]);
    for (let n = 0; n < 4; n++) socket.take();
    expect([made, socket.sent.slice(-3).join(''), held.of('me')]).toEqual([3, '{"text":"z"}', 0]);
  });

  test('shuts when nothing is taken for too long, and only then', async () => {
    const { box, socket, heard, pass, clock } = outbox();
    for (let n = 0; n < 20; n++) box.send('x'.repeat(50));
    for (let n = 0; n < 6; n++) {
      expect(box.isSlow()).toBe(true);
      await pass(900);
      socket.take();
    }
    expect([socket.closed, box.isSlow()]).toEqual([undefined, false]);
    while (socket.bufferedAmount > 0) socket.take();
    await pass(3000);
    expect([socket.closed, clock.pendingTimers]).toEqual([undefined, 0]);
    for (let n = 0; n < 10; n++) box.send('x'.repeat(50));
    await pass(1001);
    expect([socket.closed, heard.shut]).toEqual([1013, 1]);
  });

  test('shuts when very much waits and nothing is taken; not while its reader takes some', async () => {
    const { box, socket, heard, held, pass } = outbox();
    for (let n = 0; n < 100; n++) {
      box.send('x'.repeat(100));
      if (n % 2 === 0) {
        await pass(50);
        socket.take();
      }
    }
    expect([socket.closed, held.of('me') > 1600]).toEqual([undefined, true]);
    await pass(100);
    box.send('y');
    box.send('y');
    box.close('killed');
    expect([socket.closed, heard.shut, held.total]).toEqual([1013, 1, 0]);
  });

  test('shuts when nothing is taken though very much is held back; not while its reader takes some', async () => {
    const { box, socket, heard, pass } = outbox();
    heard.behind = 5000;
    for (let n = 0; n < 10; n++) box.send('x'.repeat(50));
    expect(box.isSlow()).toBe(true);
    for (let n = 0; n < 5; n++) {
      await pass(60);
      socket.take();
      for (let k = 0; k < 3; k++) box.send('x'.repeat(90));
    }
    expect([socket.closed, box.isSlow()]).toEqual([undefined, true]);
    await pass(250);
    expect([socket.closed, heard.shut]).toEqual([1013, 1]);
  });

  test('the more memory is used, the less may wait for one reader', () => {
    const { box, held } = outbox();
    const most = () => {
      let sent = 0;
      while (!box.isSlow()) {
        box.send('x'.repeat(10));
        sent += 10;
      }
      return sent;
    };
    held.add('others', LIMITS.pendingBytes);
    // Never less than 64 KiB; here the limit itself is below that.
    expect(most()).toBe(410);
  });

  test('leaves no timer once its socket is gone', async () => {
    const { box, socket, pass, clock, held } = outbox();
    for (let n = 0; n < 5; n++) box.send('x'.repeat(100));
    const sent = socket.sent.length;
    box.dispose();
    box.send('late');
    box.shut('killed');
    socket.take();
    await pass(0);
    expect([clock.pendingTimers, socket.sent.length, socket.closed, held.total]).toEqual([0, sent, undefined, 0]);
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
      params: { request: 1, syscallId: 's', seq: 0, attempt: 1, offset: 0, text: chunk },
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
    await until(() => served.session.timesDrained > 0 && !served.session.outbox.isSlow());
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

  test('one who reads no replies is read no more, then closed, and the others do not notice', async () => {
    const served = await start({ limits: { ...limits, requestsPerSecond: 1e6, slowReaderMs: 200 } });
    const [deaf, other] = [await connect(served), await connect(served)];
    const session = served.sessions[0] as FakeSession;
    session.answer = () => ({ result: 'x'.repeat(64 * KIB) });
    deaf.socket.pause();
    for (let id = 0; session.timesClosed === 0; id++) {
      deaf.send(rpc(id));
      if (id % 10 === 0) expect(await other.ask(rpc(id))).toHaveProperty('result');
    }
    // At most what one read brings is answered once the reader is slow.
    expect(session.requests.length).toBeLessThan(1000);
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
