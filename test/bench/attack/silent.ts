import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, under, withKernel } from './case.js';
import { RawSocket } from './raw-socket.js';

const LIMITS = { socketsPerAddress: 1000 };

/** Silent TCP connections up to the limit of the address; 192 honest agents then come. */
export const silent: Case = () =>
  withKernel({ limits: LIMITS }, async ({ url }) =>
    under('silent', url, LIMITS.socketsPerAddress, async () => {
      const joined = await Promise.all(
        Array.from({ length: 192 }, async () => {
          try {
            const socket = await new RawSocket(url).opened();
            return (await Promise.race([socket.hello(), sleep(3000)])) !== undefined;
          } catch {
            return false;
          }
        }),
      );
      return `${joined.filter((isIn) => isIn).length} of 192 honest agents let in`;
    }),
  );

/** Sockets of five kinds that never come to speak: how many are still open after 8 s. */
export const mute: Case = () =>
  withKernel({}, async ({ url }) => {
    const { hostname, port } = new URL(url);
    const beginnings = [
      '',
      'GET / HTTP/1.1\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nX: ',
      'POST /v1/chat/completions HTTP/1.1\r\n',
    ];
    let open = 0;
    const tcp = beginnings.flatMap((text) =>
      Array.from({ length: 40 }, () => {
        const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text));
        return socket;
      }),
    );
    for (const socket of tcp) {
      open++;
      socket.on('error', () => {}).resume();
      socket.once('close', () => open--);
    }
    for (let n = 0; n < 40; n++) {
      const socket = await new RawSocket(url).opened();
      open++;
      void socket.closed.then(() => open--);
    }
    await sleep(8000);
    return `${open} of 200 open after 8 s`;
  });
