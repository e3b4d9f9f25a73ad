import PQueue from 'p-queue';
import { CoreQueue } from '../../kernel/capacity/core-queue.js';
import { quantiles } from './measure.js';

const PENDING = 100_000;
const MOVES = 10_000;

/** 100,000 calls held by a core's queue: 10,000 of them cancelled, then all the others put in another order; p-queue's own queue beside it. */
export async function run(): Promise<void> {
  const rows = [];
  for (let round = 0; round < 5; round++) rows.push(ours(), theirs());
  for (const queue of ['indexed', "p-queue's own"]) {
    const own = rows.filter((row) => row.queue === queue);
    console.log(
      `${queue.padEnd(14)} hold ${PENDING}: ${quantiles(own.map((row) => row.hold))} ms | ` +
        `cancel ${MOVES}: ${quantiles(own.map((row) => row.cancel))} ms | ` +
        `move ${MOVES} to the front: ${quantiles(own.map((row) => row.move))} ms`,
    );
  }
  console.log('each figure: median [min, max] of 5 rounds, synchronous, so it is also the stall of the event loop');
}

const never = () => new Promise<void>(() => {});
const ids = Array.from({ length: PENDING }, (_, n) => `s${n}`);
const victims = Array.from({ length: MOVES }, (_, n) => ids[(n * 7919) % PENDING] as string);
const movers = Array.from({ length: MOVES }, (_, n) => ids[(n * 7919 + 1) % PENDING] as string);

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function ours() {
  const queue = new CoreQueue(0);
  const hold = timed(() => {
    for (const [order, id] of ids.entries()) queue.hold(id, order, never);
  });
  const cancel = timed(() => {
    for (const id of victims) queue.withdraw(id);
  });
  const move = timed(() => {
    for (const [n, id] of movers.entries()) if (queue.withdraw(id)) queue.hold(id, n - MOVES, never);
  });
  return { queue: 'indexed', hold, cancel, move };
}

/** The default queue has no way to take a call back but an abort signal each, which removes it by a linear search. */
function theirs() {
  const queue = new PQueue({ concurrency: 1, autoStart: false });
  const aborts = new Map<string, AbortController>();
  const hold = timed(() => {
    for (const [order, id] of ids.entries()) {
      const abort = new AbortController();
      aborts.set(id, abort);
      queue.add(never, { id, priority: -order, signal: abort.signal }).catch(() => {});
    }
  });
  const cancel = timed(() => {
    for (const id of victims) aborts.get(id)?.abort();
  });
  const gone = new Set(victims);
  const move = timed(() => {
    for (const [n, id] of movers.entries()) if (!gone.has(id)) queue.setPriority(id, MOVES - n);
  });
  return { queue: "p-queue's own", hold, cancel, move };
}
