import type { ChatParams } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';

/** One call that an agent is going to make. */
export interface PlannedCall {
  /** What is asked, by name: calls of one name have one prompt, and every core has one known outcome for it. */
  readonly promptId: string;
  /** The text of the last user message. */
  readonly prompt: string;
  readonly params: ChatParams;
  /** Pause before the call: think time or a tool's run time, from the reply of the call before it. */
  readonly afterMs: Millis;
}

/** Calls of one agent that follow each other: each is sent when the one before it has ended, whichever way. */
export interface Run {
  /** 0 to `agents` - 1. */
  readonly agent: number;
  /** When the first call is sent, from the start of the load. */
  readonly at: Millis;
  readonly calls: readonly PlannedCall[];
}

/**
 * Who sends what and when, wholly drawn before anything is sent, so that it is the same for every policy.
 * Open loop = many runs of one call; closed loop = one run of many calls; a burst = many runs at one time;
 * closed batches = runs of one call with `batch`.
 */
export interface Load {
  readonly agents: number;
  /** In order of `at`. */
  readonly runs: readonly Run[];
  /**
   * Closed batches: so many runs begin together, and the next ones when all of these have ended; `at` does not count.
   *
   * @default every run begins at its own time
   */
  readonly batch?: number;
}

/** A call and a run before their place in a load gives them names. */
export type UnnamedCall = Omit<PlannedCall, 'promptId'>;
export type UnnamedRun = Omit<Run, 'calls'> & { readonly calls: readonly UnnamedCall[] };

/** A load of runs in any order; their calls are named by place. */
export function assemble(agents: number, runs: readonly UnnamedRun[]): Load {
  const inOrder = runs.toSorted((a, b) => a.at - b.at);
  return {
    agents,
    runs: inOrder.map((run, i) => ({
      ...run,
      calls: run.calls.map((call, step) => ({ ...call, promptId: `run-${i}/${step}` })),
    })),
  };
}

/** How big a synthetic load is to be. */
export interface LoadSize {
  readonly agents: number;
  readonly calls: number;
  /** Mean calls a second. Loads in which agents set the pace do not look at it. */
  readonly rate: number;
}

export function callsOf(load: Load): number {
  return load.runs.reduce((sum, run) => sum + run.calls.length, 0);
}

/** The same load with its arrivals `speed` times as fast. Think times stay. */
export function speedUp(load: Load, speed: number): Load {
  return { ...load, runs: load.runs.map((run) => ({ ...run, at: run.at / speed })) };
}
