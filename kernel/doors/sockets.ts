import type { Socket } from 'node:net';

/** Both ends of a connection: the socket of TLS and the one below it say the same. */
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** The connections of one address. */
interface Address {
  /** By port. */
  readonly open: Map<number, Socket>;
  /** Ports of those that have not shown yet who they are, oldest first. */
  readonly silent: Set<number>;
}

/** Counts the connections of each address, and keeps them for those who speak: where there is no room, the oldest silent one makes it. */
export class Sockets {
  readonly #addresses = new Map<string, Address>();
  #total = 0;

  /** Connections of all addresses. */
  get total(): number {
    return this.#total;
  }

  /** Takes in a new connection, silent until `spoke`. @returns whether its address has at most `most` with it */
  admit(socket: Socket, most: number): boolean {
    const { remoteAddress: name = '', remotePort: port = 0 } = socket;
    const address = this.#addresses.get(name) ?? { open: new Map(), silent: new Set() };
    if (address.open.size >= most) {
      const [oldest] = address.silent;
      if (oldest === undefined) return false;
      const silent = address.open.get(oldest);
      this.#release(name, address, oldest);
      silent?.destroy();
    }
    this.#addresses.set(name, address);
    this.#total++;
    address.open.set(port, socket);
    address.silent.add(port);
    socket.once('close', () => {
      // The port may be in use again.
      if (address.open.get(port) === socket) this.#release(name, address, port);
    });
    return true;
  }

  /** A connection has shown who it is: it keeps its place. Idempotent. */
  spoke({ remoteAddress = '', remotePort = 0 }: Ends): void {
    this.#addresses.get(remoteAddress)?.silent.delete(remotePort);
  }

  #release(name: string, address: Address, port: number): void {
    address.open.delete(port);
    address.silent.delete(port);
    this.#total--;
    if (address.open.size === 0) this.#addresses.delete(name);
  }
}
