import type { BootedKernel } from '../../../kernel/boot.js';
import { type Clock, realClock, StandstillError, VirtualClock } from '../../../kernel/clock.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { connect } from '../../sdk/client.js';
import type { AgentPort } from '../load/play.js';

/** How agents reach a kernel, and how time passes meanwhile. */
export interface Stage {
  readonly clock: Clock;
  connect(kernel: BootedKernel, agents: number): Promise<AgentPorts>;
  /**
   * Lets time pass until the work settles, or until it never will.
   *
   * @param progress grows as long as the work goes on
   */
  wait(work: Promise<void>, progress: () => number): Promise<void>;
}

interface AgentPorts {
  /** One an agent. */
  readonly ports: readonly AgentPort[];
  close(): Promise<void>;
}

/** Processes without a socket on a virtual clock: hours pass in seconds, and a run repeats exactly. */
export function virtualStage(): Stage & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  return {
    clock,
    async connect(kernel, agents) {
      const processes = Array.from({ length: agents }, (_, i) => kernel.connect({ name: agentName(i) }));
      return {
        ports: processes.map((process) => ({
          chat: (params) => process.call('llm.chat', params),
          async feedback(syscallId, quality) {
            await process.call('syscall.feedback', { syscallId, quality });
          },
        })),
        async close() {
          for (const process of processes) process.close();
        },
      };
    },
    async wait(work) {
      try {
        await clock.runUntil(work);
      } catch (error) {
        if (!(error instanceof StandstillError)) throw error;
      }
    },
  };
}

/** What has made no progress for so long will make none. */
const STALL_MS: Millis = 300_000;

/** Clients behind real sockets, in real time. */
export function liveStage(): Stage {
  const clock = realClock;
  return {
    clock,
    async connect(kernel, agents) {
      const { url } = await kernel.listen();
      const names = Array.from({ length: agents }, (_, i) => agentName(i));
      const clients = await Promise.all(names.map((name) => connect({ url, name })));
      return {
        ports: clients,
        async close() {
          await Promise.all(clients.map((client) => client.close()));
        },
      };
    },
    async wait(work, progress) {
      let cancel = () => {};
      const stall = new Promise<void>((resolve) => {
        const look = (before: number) => {
          cancel = clock.after(STALL_MS, () => (progress() > before ? look(progress()) : resolve()));
        };
        look(progress());
      });
      await Promise.race([work, stall]).finally(() => cancel());
    },
  };
}

function agentName(index: number): string {
  return `agent-${index}`;
}
