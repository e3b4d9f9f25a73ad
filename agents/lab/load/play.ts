import type { Clock } from '../../../kernel/clock.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../../syscalls/syscall.js';
import type { Load, PlannedCall, Run } from './load.js';

/** An agent's way to the kernel: a session in process, or a client behind a socket. */
export interface AgentPort {
  /** @throws SyscallError when the call ends without an answer */
  chat(params: ChatParams): Promise<ChatReply>;
  /** Says how good an answer was, 0 to 1. @throws SyscallError when the kernel does not know the syscall any more */
  feedback(syscallId: SyscallId, quality: number): Promise<void>;
}

/** How one planned call ended: exactly one of `reply` and `error`. */
export interface PlayedCall {
  readonly call: PlannedCall;
  readonly run: Run;
  /** On the agent's clock. */
  readonly sentAt: Millis;
  readonly endedAt: Millis;
  readonly reply?: ChatReply;
  readonly error?: SyscallError;
}

/**
 * Sends every call of a load at its time, and settles when all have ended. An agent that rates an answer does so before
 * it goes on.
 *
 * @param ports one an agent, in order
 * @param onEnd receives each call as it ends, and never one that does not end. @returns how good the answer was,
 *   0 to 1, where the agent is to rate it
 */
export async function play(
  load: Load,
  ports: readonly AgentPort[],
  clock: Clock,
  onEnd: (played: PlayedCall) => number | undefined,
): Promise<void> {
  const begin = async (run: Run) => {
    const port = ports[run.agent];
    if (port === undefined) throw new RangeError(`The load has no agent ${run.agent}`);
    for (const call of run.calls) {
      if (call.afterMs > 0) await pause(clock, call.afterMs);
      const sentAt = clock.now();
      const played = await send(port, call, run, sentAt, clock);
      const quality = onEnd(played);
      if (played.reply !== undefined && quality !== undefined) await port.feedback(played.reply.syscallId, quality);
    }
  };
  const { runs, batch } = load;
  if (batch === undefined) {
    await Promise.all(runs.map((run) => pause(clock, run.at).then(() => begin(run))));
    return;
  }
  for (let from = 0; from < runs.length; from += batch) await Promise.all(runs.slice(from, from + batch).map(begin));
}

async function send(port: AgentPort, call: PlannedCall, run: Run, sentAt: Millis, clock: Clock): Promise<PlayedCall> {
  try {
    const reply = await port.chat(call.params);
    return { call, run, sentAt, endedAt: clock.now(), reply };
  } catch (thrown) {
    return { call, run, sentAt, endedAt: clock.now(), error: SyscallError.from(thrown) };
  }
}

function pause(clock: Clock, delay: Millis): Promise<void> {
  return new Promise((resolve) => clock.after(delay, resolve));
}
