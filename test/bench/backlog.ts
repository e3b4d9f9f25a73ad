import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import { quantiles, stallsOf } from './measure.js';
import { realKernel } from './real-kernel.js';

const PENDING = 100_000;
const CANCELS = 10_000;
const CORES = 8;
/** Messages that one turn of the event loop reads, as from a socket. */
const BATCH = 100;

/** The whole kernel with 100,000 pending calls: cancels, starts and reassignment while the event loop must stay free. */
export async function run(args: readonly string[]): Promise<void> {
  for (const policy of [createPolicy('fifo'), createPolicy('round-robin'), restless()]) {
    if (args.length === 0 || args.includes(policy.name)) await backlog(policy);
  }
}

async function backlog(policy: SchedulerPolicy): Promise<void> {
  const cancels: number[] = [];
  const cancelStalls: number[] = [];
  const tickStalls: number[] = [];
  for (let round = 0; round < 3; round++) {
    const { spawn, finishOne, ticks } = realKernel({ cores: CORES, cap: 4, policy, pending: PENDING });
    const agents = await Promise.all(Array.from({ length: 100 }, spawn));
    for (let n = 0; n < PENDING; n++) agents[n % agents.length]?.ask();
    await turn();
    const start = performance.now();
    cancelStalls.push(
      await stallsOf(async () => {
        for (let n = 0; n < CANCELS; n += BATCH) {
          for (let k = n; k < n + BATCH; k++) {
            const id = (k * 7919) % PENDING;
            void agents[id % agents.length]?.cancel(id);
          }
          await turn();
        }
      }),
    );
    cancels.push(performance.now() - start);
    const before = ticks();
    tickStalls.push(
      await stallsOf(async () => {
        while (ticks() < before + 100) {
          finishOne();
          await turn();
        }
      }),
    );
  }
  console.log(
    `${policy.name.padEnd(12)} ${CANCELS} cancels among ${PENDING}: ${quantiles(cancels)} ms, longest stall ${quantiles(cancelStalls)} ms | ` +
      `100 ticks that start or move calls: longest stall ${quantiles(tickStalls)} ms`,
  );
}

/** Holds 1,000 calls in the queues and moves every one of them at every tick. */
function restless(): SchedulerPolicy {
  let shift = 0;
  return {
    name: 'restless',
    schedule({ pending, cores }) {
      shift++;
      return pending.slice(0, 1000).map(({ id }, n) => {
        const core = cores[(n + shift) % cores.length];
        return { syscallId: id, core: core?.id ?? '', reason: 'moved' };
      });
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
