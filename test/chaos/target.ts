import type { ChatReply } from '../../agents/sdk/client.js';
import type { RpcError } from '../../syscalls/errors.js';

/** A call as the journal has it. */
export interface LeftCall {
  readonly key: string;
  /** Undefined: it has no end. */
  readonly status: string | undefined;
  readonly end: ChatReply | RpcError | undefined;
}

/** What is left when all agents are gone. */
export interface Left {
  readonly calls: readonly LeftCall[];
  readonly spentUsd: number;
  /** Times that the call was given to a core that was given to one most often. */
  readonly mostStarts: number;
  /** What only the target knows to be wrong. */
  readonly violations: readonly string[];
}

/** What is to be killed while agents ask it. */
export interface Target {
  /** Where agents can reach it. */
  readonly urls: readonly [string, ...string[]];
  /** Kills a process of it. @param draw numbers from 0 up to 1 */
  strike(draw: () => number): Promise<void>;
  /** Ends it in good order. @returns what it has left */
  stop(): Promise<Left>;
}
