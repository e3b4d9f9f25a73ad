import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { join as joinAs, RawSocket } from './raw-socket.js';

const TOKEN = { token: 'greedy' };

function join(url: string, name = 'agent') {
  return joinAs(url, { ...TOKEN, name });
}

/** What one process of attackers does to a kernel. Each runs until it is killed. */
const ATTACKS: Readonly<Record<string, (url: string, count: number) => Promise<void>>> = {
  /** So many sockets each use their burst at once, again and again. */
  bursts: async (url, count) => {
    const sockets = await Promise.all(Array.from({ length: count }, (_, n) => join(url, `burst-${n}`)));
    process.stdout.write('go\n');
    for (;;) {
      for (const socket of sockets) for (let n = 0; n < 1000; n++) void socket.ask('kernel.nothing', {});
      await sleep(10_000);
    }
  },
  /** One socket lists all that there is, so many times a second, among 1,000 agents. */
  listings: async (url, count) => {
    await Promise.all(Array.from({ length: 1000 }, (_, n) => join(url, `quiet-${n}`)));
    const socket = await join(url);
    process.stdout.write('go\n');
    for (;;) {
      for (let n = 0; n < count / 20; n++) void socket.ask('kernel.ps', {});
      await sleep(50);
    }
  },
  /** So many sockets send the largest valid messages, one after the other. */
  largest: async (url, count) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => join(url)));
    // 2,000 messages of 490 bytes: near the bounds of bytes and of messages. Each is another one, so that nothing is remembered.
    let made = 0;
    const next = () => {
      const content = `${made++} ${'word '.repeat(90)}`;
      return Array.from({ length: 2000 }, () => ({ role: 'user', content }));
    };
    process.stdout.write('go\n');
    await Promise.all(
      sockets.map(async (socket) => {
        for (;;) {
          const { error } = await socket.ask('llm.chat', { messages: next(), maxTokens: 1 });
          if (error !== undefined) throw new Error(`A large message was refused: ${error.data.code}`);
        }
      }),
    );
  },
  /** So many sockets ask for what they never read. */
  deaf: async (url, count) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => join(url)));
    for (const { socket } of sockets) socket.pause();
    for (let n = 0; n < 500; n++) {
      for (const socket of sockets) void socket.ask('kernel.ps', {});
      if (n % 50 === 0) await sleep(20);
    }
    process.stdout.write('go\n');
    await sleep(1e6);
  },
  /** So many sockets have three long answers each streamed, which they never read. */
  long: async (url, count) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => join(url)));
    for (const { socket } of sockets) socket.pause();
    const messages = [{ role: 'user', content: 'Tell me a long story.' }];
    for (const socket of sockets) for (let n = 0; n < 3; n++) void socket.ask('llm.chat', { messages, stream: true });
    process.stdout.write('go\n');
    await sleep(1e6);
  },
  /** So many TCP connections that say nothing. */
  silent: async (url, count) => {
    const { hostname, port } = new URL(url);
    for (let n = 0; n < count; n++) connect({ host: hostname, port: Number(port) }).on('error', () => {});
    await sleep(1000);
    process.stdout.write('go\n');
    await sleep(1e6);
  },
  /** So many sockets say hello, and then send 1 MB of a message that never ends. */
  fragments: async (url, count) => {
    const sockets = await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = new RawSocket(url, TOKEN);
        await socket.opened();
        return socket;
      }),
    );
    for (const { socket } of sockets) socket.send('x'.repeat(1e6), { fin: false });
    process.stdout.write('go\n');
    await sleep(1e6);
  },
};

const [, , attack = '', url = '', count = '1'] = process.argv;
await ATTACKS[attack]?.(url, Number(count));
