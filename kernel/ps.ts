import type { PsReply } from '../syscalls/ps.js';
import { isFinal, type Millis } from '../syscalls/syscall.js';
import type { Call } from './call/call.js';
import type { Process } from './process/process-table.js';

/** A process as `kernel.ps` lists it. @param open its open calls */
export function describeProcess(process: Process, open: ReadonlySet<Call>): PsReply['processes'][number] {
  const { pid, parent, name, tenant, connectedAt, finished, costUsd } = process;
  const running = [...open].filter(({ state }) => state.status === 'running').length;
  return {
    pid,
    ...(parent === undefined ? {} : { parent: parent.pid }),
    name,
    tenant,
    connectedAt,
    pending: open.size - running,
    running,
    finished,
    costUsd,
  };
}

/** A call as `kernel.ps` lists it; nothing once it has ended. @param endsAt when it ends because nobody follows it; undefined: not so */
export function describeCall(call: Call, now: Millis, endsAt: Millis | undefined): PsReply['syscalls'] {
  const { state, outputTokens } = call;
  if (isFinal(state)) return [];
  return [
    {
      syscallId: call.id,
      pid: call.facts.caller.pid,
      status: state.status,
      ...('core' in state ? { core: state.core, reason: state.reason } : {}),
      ageMs: now - state.times.accepted,
      outputTokens,
      ...(endsAt === undefined ? {} : { orphanMs: Math.max(0, endsAt - now) }),
    },
  ];
}
