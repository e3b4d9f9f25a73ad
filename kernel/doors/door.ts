import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SyscallError } from '../../syscalls/errors.js';
import type { Gate } from '../gate.js';
import type { Principal } from '../process/principal.js';

/** Answers an HTTP request. A route that is `open` gets no principal. */
export interface Route {
  /** `open`: everybody who reaches the address may ask. @default the request needs a token, where the kernel has any */
  readonly access?: 'open';
  handle(request: IncomingMessage, response: ServerResponse, principal: Principal | undefined): void;
  /** Answers a request that may not come in: `unauthorized`, `forbidden` or `draining`. @default the status alone */
  refuse?(request: IncomingMessage, response: ServerResponse, error: SyscallError): void;
}

/** Takes over a connection that asks for another protocol. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal) => void;

/** The one address of the kernel. It checks Host, Origin and token before a door sees anything, and answers browsers that ask for leave (CORS). */
export interface Listener {
  /** Serves a path, exactly, or all paths below it where it ends with `/`; the longest one that fits is taken. */
  serve(method: string, path: string, route: Route): void;
  /** Serves requests for another protocol on a path, as `serve` does. */
  upgrade(path: string, upgrade: Upgrade): void;
  /** A connection has shown who it is: its place is not given to another one. A request that needs a token has shown it. */
  spoke(socket: Socket): void;
  /** Whether a principal is still what its token says: not after a reload that changed it. */
  isValid(principal: Principal): boolean;
}

/** One way into the kernel. */
export interface Door {
  readonly name: string;
  /** Called once, before the first request. */
  open(gate: Gate, listener: Listener): void;
  /** Limits or tokens have changed. */
  reload?(): void;
  /** Ends every connection. Called when all calls have ended. Idempotent. */
  close?(): Promise<void>;
}
