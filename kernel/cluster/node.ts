import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { StoredCall } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { LLMCore } from '../cores/core.js';
import type { Logger } from '../log.js';
import { Bus } from './bus.js';
import { CoreWorker } from './core-worker.js';
import { TO_ALL, TO_SEAT, type ToAll, type ToSeat } from './messages.js';
import { Queues } from './queues.js';
import type { ClusterOptions } from './redis-journal.js';
import { openStore, type Store } from './redis-store.js';
import { Requests } from './requests.js';
import { TextLog } from './text-log.js';

export type Role = 'door' | 'worker' | 'seat';

export interface NodeOptions extends ClusterOptions {
  readonly roles: readonly Role[];
  readonly lockMs: Millis;
  readonly slotQuarantineMs: Millis;
}

interface NodeDeps {
  readonly options: NodeOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest time for which an end whose message was lost is not noticed. */
const SWEEP_MS: Millis = 5000;

/** What a node of a cluster has open. */
interface Parts {
  readonly redis: Store;
  readonly bus: Bus;
  readonly queues: Queues;
  readonly texts: TextLog;
  readonly requests: Requests;
}

/** One node of a cluster whose work is spread: it asks cores for the one that holds the seat, and schedules when it does. */
export class ClusterNode {
  readonly #deps: NodeDeps;
  #parts: Parts | undefined;
  #workers: readonly CoreWorker[] = [];

  constructor(deps: NodeDeps) {
    this.#deps = deps;
  }

  /** @throws SyscallError `invalid-config` as `openStore` and `Queues.open` */
  async open(): Promise<void> {
    const { options, env, clock, log } = this.#deps;
    const { lockMs } = options;
    const prefix = `{${options.prefix}}:`;
    const redis = await openStore(options, env, log);
    const patient = redis.duplicate({
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      commandTimeout: undefined,
    });
    patient.on('error', () => {});
    const queues = await Queues.open({ redis: patient, prefix, lockMs, log });
    const bus = new Bus({ redis, prefix, clock, log });
    const texts = new TextLog({ redis, bus, prefix, clock });
    const requests = new Requests({ queues, bus, clock, log, sweepMs: Math.min(SWEEP_MS, lockMs / 2) });
    this.#parts = { redis, bus, queues, texts, requests };
    await bus.listen<ToAll>(TO_ALL, (message) => this.#hear(message));
  }

  /** Asks these cores for the cluster, if that is a role of the node. @returns them as the seat sees them */
  work(cores: readonly LLMCore[]): readonly LLMCore[] {
    const { clock, options } = this.#deps;
    const { queues, bus, texts, requests } = this.#opened;
    const { roles, lockMs, slotQuarantineMs } = options;
    if (roles.includes('worker')) {
      const deps = { queues, bus, texts, clock, lockMs, slotQuarantineMs };
      this.#workers = cores.map((core) => new CoreWorker(core, deps));
      for (const worker of this.#workers) worker.start();
    }
    return cores.map((core) => requests.core(core));
  }

  /** This node holds the seat. @returns those calls whose last request goes on */
  async onSeat(open: readonly StoredCall[]): Promise<ReadonlySet<SyscallId>> {
    const { bus, requests } = this.#opened;
    await bus.listen<ToSeat>(TO_SEAT, (message) => requests.take(message), 'this');
    return requests.start(open);
  }

  /** What runs is left to the next seat. */
  detach(): void {
    this.#parts?.requests.detach();
  }

  /** Requests that are not done after `drainMs` are given back. Idempotent. */
  async close(drainMs: Millis): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts === undefined) return;
    const { redis, bus, queues } = parts;
    await Promise.all(this.#workers.map((worker) => worker.stop(drainMs)));
    await queues.close();
    await bus.close();
    redis.disconnect();
  }

  #hear(message: ToAll): void {
    for (const worker of this.#workers) {
      if (worker.id !== message.core) continue;
      if (message.type === 'abort') worker.abort(message.job);
      else worker.reopen();
    }
  }

  get #opened(): Parts {
    if (this.#parts === undefined) throw new TypeError('The node is not open');
    return this.#parts;
  }
}
