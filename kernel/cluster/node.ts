import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { StoredCall } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { LLMCore } from '../cores/core.js';
import type { Logger } from '../log.js';
import type { Principal } from '../process/principal.js';
import { Bus } from './bus.js';
import { CoreWorker } from './core-worker.js';
import { DoorSessions, type SeatKernel } from './door-sessions.js';
import { TO_ALL, TO_SEAT, type ToAll, type ToSeat } from './messages.js';
import { NodeGate } from './node-gate.js';
import { Queues } from './queues.js';
import type { ClusterOptions, Spread } from './redis-journal.js';
import { openStore, type Store } from './redis-store.js';
import { type NodeCard, Registry } from './registry.js';
import { Requests } from './requests.js';
import { SeatLink } from './seat-link.js';
import { TextLog } from './text-log.js';

export type Role = 'door' | 'worker' | 'seat';

export interface NodeOptions extends ClusterOptions {
  readonly roles: readonly Role[];
  readonly lockMs: Millis;
  readonly slotQuarantineMs: Millis;
}

interface NodeDeps {
  readonly options: NodeOptions;
  /** Unique name of this node. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** What each core is, see `NodeCard`. */
  readonly cores: NodeCard['cores'];
  /** Open connections of this node. */
  readonly connections: () => number;
  /** Most requests that are open at its doors. */
  readonly most: () => number;
}

/** Longest time for which an end whose message was lost is not noticed. */
const SWEEP_MS: Millis = 5000;
/** A door that was not heard for so long is gone. */
const DOOR_GONE_MS: Millis = 10_000;

/** Time for what takes a round trip or two, where Redis answers. */
const GIVE_BACK_MS: Millis = 2000;

/** What a node of a cluster has open. */
interface Parts {
  readonly redis: Store;
  readonly bus: Bus;
  readonly queues: Queues;
  readonly texts: TextLog;
  readonly requests: Requests;
  readonly link: SeatLink;
  readonly gate: NodeGate;
  readonly registry: Registry;
}

/**
 * One node of a cluster whose work is spread: agents come in by its doors, it asks cores for the node that holds the seat, and it
 * schedules for all when that is itself.
 */
export class ClusterNode implements Spread {
  readonly #deps: NodeDeps;
  #parts: Parts | undefined;
  #cores: readonly LLMCore[] = [];
  #workers: readonly CoreWorker[] = [];
  #sessions: DoorSessions | undefined;
  #epoch = 0;
  #isDraining = false;
  #onFree = () => {};

  constructor(deps: NodeDeps) {
    this.#deps = deps;
  }

  get name(): string {
    return this.#deps.name;
  }

  has(role: Role): boolean {
    return this.#deps.options.roles.includes(role);
  }

  /** The kernel as the doors of this node see it. */
  get gate(): NodeGate {
    return this.#opened.gate;
  }

  /** Whether this node holds the seat, and how often that was taken, as far as is known. */
  get seat(): { readonly isHere: boolean; readonly epoch: number } {
    return { isHere: this.#sessions !== undefined, epoch: this.#parts?.link.epoch ?? 0 };
  }

  /** Open connections of all doors, where this node holds the seat; else its own. */
  get connections(): number {
    return this.#sessions?.connections ?? this.#deps.connections();
  }

  /** @throws SyscallError `invalid-config` as `openStore`, `Queues.open` and `Registry.join` */
  async open(): Promise<void> {
    const { options, name: node, env, clock, log, connections, most, cores } = this.#deps;
    const { lockMs, leaseMs, roles } = options;
    const prefix = `{${options.prefix}}:`;
    const redis = await openStore(options, env, log);
    const patient = redis.duplicate({
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      commandTimeout: undefined,
      // What is asked of the queues in one turn of the loop is one write.
      enableAutoPipelining: true,
    });
    patient.on('error', () => {});
    const queues = await Queues.open({ redis: patient, prefix, lockMs, clock, log });
    const bus = new Bus({ redis, prefix, node, clock, log });
    const texts = new TextLog({ redis, bus, prefix, clock });
    const requests = new Requests({ queues, bus, clock, log, sweepMs: Math.min(SWEEP_MS, lockMs / 2) });
    const link = new SeatLink({ bus, clock, node, isUp: () => redis.status === 'ready', connections });
    const gate = new NodeGate({ link, texts, node, most });
    const registry = new Registry({ redis, prefix, node, card: { roles, cores }, leaseMs, clock });
    this.#parts = { redis, bus, queues, texts, requests, link, gate, registry };
    await registry.join();
    await bus.listen<ToAll>(TO_ALL, (message) => this.#hear(message));
    await link.open();
  }

  /** Asks these cores for the cluster, if that is a role of the node. @returns them as the seat sees them */
  work(cores: readonly LLMCore[]): readonly LLMCore[] {
    const { clock, options } = this.#deps;
    const { queues, bus, texts, requests } = this.#opened;
    const { lockMs, slotQuarantineMs } = options;
    this.#cores = cores;
    if (this.has('worker')) {
      const deps = { queues, bus, texts, clock, lockMs, slotQuarantineMs };
      this.#workers = cores.map((core) => new CoreWorker(core, deps));
      for (const worker of this.#workers) worker.start();
    }
    return cores.map((core) => requests.core(core));
  }

  onFree(run: () => void): void {
    this.#onFree = run;
  }

  async onSeat(open: readonly StoredCall[], epoch: number): Promise<ReadonlySet<SyscallId>> {
    const { bus, requests } = this.#opened;
    this.#epoch = epoch;
    await bus.listen<ToSeat>(TO_SEAT, (message) => this.#take(message), 'this');
    return requests.start(open);
  }

  /** The kernel of this node is ready: doors may come. */
  serve(kernel: SeatKernel): void {
    const { clock, log, name: node } = this.#deps;
    const { bus } = this.#opened;
    this.#sessions = new DoorSessions({ ...kernel, bus, clock, log, node, epoch: this.#epoch, goneMs: DOOR_GONE_MS });
  }

  /** Why no call could be served by this node now; empty: one could. */
  unready(): readonly string[] {
    const { link } = this.#opened;
    return [
      ...(this.#isDraining ? ['draining'] : []),
      ...(link.isUp ? [] : ['the store of the cluster is not reached']),
      ...(link.isHeld ? [] : ['no node holds the seat']),
    ];
  }

  /** All that a principal may see, as JSON. */
  snapshot(principal: Principal): Promise<string> {
    return this.#opened.gate.snapshot(principal);
  }

  /** The kernel of this node is about to stop: what runs is left to the next seat, and doors wait for it. Idempotent. */
  leaveSeat(): void {
    this.#isDraining = true;
    this.#sessions?.close();
    this.#sessions = undefined;
    this.#parts?.requests.detach();
  }

  /** Waits for the requests of its doors, and for those to its cores; what is not done after `drainMs` is given back. */
  async drain(drainMs: Millis): Promise<void> {
    const doors = this.#within(drainMs, this.#parts?.gate.drain());
    const workers = this.#workers.map((worker) => worker.stop(drainMs));
    // Without Redis nothing can be given back.
    await this.#within(drainMs + GIVE_BACK_MS, Promise.all([doors, ...workers]));
    await Promise.all(this.#cores.map((core) => core.close?.()));
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts === undefined) return;
    const { redis, bus, queues, link, registry } = parts;
    link.close();
    await registry.leave();
    await this.#within(GIVE_BACK_MS, queues.close());
    await bus.close();
    redis.disconnect();
  }

  /** Waits for some work, but no longer than this. */
  async #within(ms: Millis, work: Promise<unknown> | undefined): Promise<void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#deps.clock.after(ms, resolve);
    });
    await Promise.race([work, late]);
    cancel();
  }

  #take(message: ToSeat): void {
    if (message.type !== 'door') this.#parts?.requests.take(message);
    // Before it serves nobody is its door; afterwards the next seat is asked.
    else this.#sessions?.take(message);
  }

  #hear(message: ToAll): void {
    switch (message.type) {
      case 'seat':
        this.#parts?.link.heard(message.epoch);
        return;
      case 'free':
        this.#parts?.link.left();
        this.#onFree();
        return;
      case 'abort':
        this.#workerOf(message.core)?.abort(message.job);
        return;
      case 'reopen':
        this.#workerOf(message.core)?.reopen();
        return;
    }
  }

  #workerOf(core: string): CoreWorker | undefined {
    return this.#workers.find(({ id }) => id === core);
  }

  get #opened(): Parts {
    if (this.#parts === undefined) throw new TypeError('The node is not open');
    return this.#parts;
  }
}
