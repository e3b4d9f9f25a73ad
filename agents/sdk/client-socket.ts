/** Where to connect, and as whom. */
export interface SocketTarget {
  /** `ws://` or `wss://`. The token never goes into it. */
  readonly url: string;
  readonly token?: string;
}

/** How a connection ended, or why it never was. */
export interface SocketClosing {
  /** Close code of RFC 6455; 1006 = cut without one. */
  readonly code: number;
  readonly reason: string;
  /** HTTP status with which the kernel refused the handshake; browsers do not say. */
  readonly status?: number;
}

/** `closed` comes exactly once, also for a connection that never opened; nothing comes after it. */
export interface SocketEvents {
  opened(): void;
  message(text: string): void;
  closed(closing: SocketClosing): void;
}

/** One WebSocket connection, in Node or in a browser. */
export interface Socket {
  send(text: string): void;
  /** Starts the closing handshake. */
  close(): void;
  /** Ends at once, without a handshake where the platform can. */
  cut(): void;
}

/** @throws SyntaxError for an invalid `url` */
export type OpenSocket = (target: SocketTarget, events: SocketEvents) => Socket;
