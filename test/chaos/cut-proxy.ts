import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between clients and a kernel, and cuts each connection after a number of bytes from the kernel, also in the middle of a frame. */
export class CutProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  cuts = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param bytesUntilCut drawn for each connection; Infinity: it is not cut */
  static async start(port: number, bytesUntilCut: () => number): Promise<CutProxy> {
    const server = createServer();
    const proxy = new CutProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(port, '127.0.0.1'), bytesUntilCut()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, kernel: Socket, until: number): void {
    let left = until;
    const end = () => {
      client.destroy();
      kernel.destroy();
    };
    for (const socket of [client, kernel]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => kernel.write(bytes));
    kernel.on('data', (bytes) => {
      left -= bytes.length;
      if (left > 0) {
        client.write(bytes);
        return;
      }
      // What is before the cut arrives, to the byte.
      this.cuts++;
      client.end(bytes.subarray(0, bytes.length + left), end);
      kernel.pause();
    });
  }
}
