import type { Pid } from '../../syscalls/syscall.js';

/** Who asks: plain data that outlives the connection it came over, and can be written down. */
export interface Caller {
  readonly pid: Pid;
  /** The first of the processes that it descends from, itself if it has no parent. */
  readonly program: Pid;
  /** Whose calls these are. */
  readonly tenant: string;
  /** Name of the token: it may name the syscalls and processes of its own only. */
  readonly principal: string;
}
