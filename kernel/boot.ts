import type { SchedulerPolicy } from '../schedulers/policy.js';
import type { CoreView } from '../syscalls/cores.js';
import type { HelloParams } from '../syscalls/hello.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis } from '../syscalls/syscall.js';
import type { Clock } from './clock.js';
import type { ClusterNode } from './cluster/node.js';
import type { KernelConfig } from './config/config.js';
import type { LLMCore } from './cores/core.js';
import type { CoreDeps } from './cores/core-deps.js';
import { createCores } from './cores/kinds/registry.js';
import { checkExposure } from './doors/access.js';
import type { Door } from './doors/door.js';
import type { LocalProcess } from './doors/in-process.js';
import type { Address } from './doors/listener.js';
import type { KernelEvents } from './events.js';
import { createLogger, type Logger } from './log.js';
import { type Composed, ContainerModule, compose, kernelContainer, nodeOf, PART } from './modules.js';
import type { Principal } from './process/principal.js';

export type { Journal, JournalEntry } from './call/journal.js';
export type { Capacity, Freed, Lease, Need, Refusal, Used } from './capacity/capacity.js';
export { VirtualClock } from './clock.js';
export type { KernelConfig } from './config/config.js';
export { configJsonSchema, loadConfig, showConfig } from './config/config.js';
export { defaultConfig } from './config/default-config.js';
export type { KernelLimits } from './config/limits.js';
export type { Door, Listener } from './doors/door.js';
export type { KernelEventMap } from './events.js';
export type { Gate } from './gate.js';
export { ContainerModule, PART } from './modules.js';

export interface BootOptions {
  /** @default real time */
  readonly clock?: Clock;
  /** Milliseconds to measure the policy with. @default real ones */
  readonly stopwatch?: () => Millis;
  /** Where keys and tokens come from. @default the environment of this process */
  readonly env?: CoreDeps['env'];
  /** @default a logger on stderr at the config's level */
  readonly log?: Logger;
  /** A custom policy, in place of the one that the config names. */
  readonly policy?: SchedulerPolicy;
  /** Puts something around each core, for example a witness that counts. */
  readonly wrapCore?: (core: LLMCore) => LLMCore;
  /** Difficulty of a prompt for simulated cores. @default what the prompt asks for where it can be read, else drawn from its hash */
  readonly items?: CoreDeps['items'];
  /** Whether nobody reads the text of plain answers of simulated cores, which then make none up. @default false */
  readonly unread?: boolean;
  /** Outcome files that recorded cores share with other kernels of this process. @default each kernel reads its own */
  readonly outcomes?: CoreDeps['outcomes'];
  /** Loaded after the kernel's own modules: they may bind any `PART` again, and add doors. */
  readonly modules?: readonly ContainerModule[];
}

/** A running kernel. */
export interface BootedKernel {
  readonly events: KernelEvents;
  /**
   * A process without a socket: the same checks and the same path.
   *
   * @param principal @default the operator
   * @throws SyscallError as `agent.hello`
   */
  connect(hello: Omit<HelloParams, 'protocol'>, principal?: Principal): LocalProcess;
  /** Opens the address for all doors. Idempotent. */
  listen(): Promise<Address>;
  cores(): CoreView[];
  stats(): StatsReply;
  /** Takes over caps, limits and tokens of a config; the rest of it needs a new boot. */
  reload(config: KernelConfig): void;
  /** Aborts when another node of the cluster has taken over: this kernel can end no call any more and must be stopped. */
  readonly lost: AbortSignal | undefined;
  /** Drains and shuts down. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Boots a kernel in this process.
 *
 * @throws SyscallError `invalid-config`, naming field, rule and value
 */
export async function bootKernel(config: KernelConfig, options: BootOptions = {}): Promise<BootedKernel> {
  const { env = process.env, wrapCore = (core) => core, items, unread = false, outcomes, modules = [] } = options;
  const log = options.log ?? createLogger(config.log);
  const container = kernelContainer({ config, env, log }, [givenModule(options), ...modules]);
  const made = async () => {
    const deps: CoreDeps = {
      clock: container.get(PART.clock),
      env,
      log,
      seed: config.seed,
      unread,
      ...(items === undefined ? {} : { items }),
      ...(outcomes === undefined ? {} : { outcomes }),
    };
    const cores = await createCores(config.cores, deps, container.getAll(PART.coreKind));
    return cores.map(wrapCore);
  };
  const node = nodeOf(container);
  try {
    await node?.open();
    const cores = container.isBound(PART.cores) ? container.get(PART.cores) : await made();
    const seen = node?.work(cores) ?? cores;
    (await container.rebind(PART.cores)).toConstantValue(seen);
  } catch (error) {
    await node?.close();
    throw error;
  }
  const { kernel, auth, gate, watchers, spans, doors, listener, inProcess } = compose(container);
  const journal = container.get(PART.journal);
  const given: Given = { kernel, gate, watchers, doors, listener };
  spans.start();
  // A node without doors still says how it is.
  const isOpen = ({ name }: Door) => node === undefined || node.has('door') || name === 'health' || name === 'metrics';
  for (const door of doors.filter(isOpen)) door.open(node?.gate ?? gate, listener);
  let isListening = false;
  const running = node === undefined ? alone(given) : spread(given, node, config.limits.drainMs);
  await running.ready(log);
  return {
    events: kernel.events,
    lost: anyOf(running.lost, journal.lost),
    connect: (hello, principal) => inProcess.connect(hello, principal),
    listen() {
      isListening = true;
      return listener.listen();
    },
    cores: () => kernel.cores(),
    stats: () => kernel.stats(),
    reload(next) {
      if (isListening) checkExposure({ listen: config.listen, auth: next.auth });
      auth.replace(next.auth);
      kernel.reload(next);
      for (const door of doors) door.reload?.();
    },
    stop: running.stop,
  };
}

function givenModule({ clock, stopwatch, policy }: BootOptions): ContainerModule {
  return new ContainerModule(({ rebind }) => {
    if (clock !== undefined) rebind(PART.clock).toConstantValue(clock);
    if (stopwatch !== undefined) rebind(PART.stopwatch).toConstantValue(stopwatch);
    if (policy !== undefined) rebind(PART.policy).toConstantValue(policy);
  });
}

type Given = Pick<Composed, 'kernel' | 'gate' | 'watchers' | 'doors' | 'listener'>;

/** How a kernel comes and goes. */
interface Running {
  readonly lost?: AbortSignal;
  /** Serves nobody before it has settled. @throws what the policy and the journal throw */
  ready(log: Logger): Promise<void>;
  stop(): Promise<void>;
}

function alone({ kernel, watchers, doors, listener }: Given): Running {
  const stop = async () => {
    listener.stopListening();
    await kernel.stop();
    watchers.close();
    for (const door of doors) await door.close?.();
    listener.close();
  };
  return {
    stop,
    async ready() {
      try {
        await kernel.ready();
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

/** As a node of a cluster, whose kernel waits for the seat while its doors and workers serve. */
function spread({ kernel, gate, watchers, doors, listener }: Given, node: ClusterNode, drainMs: Millis): Running {
  const lost = new AbortController();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    listener.stopListening();
    // Agents go to other nodes, and come back for their calls.
    const isWs = ({ name }: Door) => name === 'ws';
    for (const door of doors.filter(isWs)) await door.close?.();
    node.leaveSeat();
    await kernel.stop(0);
    await node.drain(drainMs);
    watchers.close();
    for (const door of doors.filter((door) => !isWs(door))) await door.close?.();
    listener.close();
    await node.close();
  };
  const seated = async (log: Logger) => {
    try {
      await kernel.ready();
      node.serve({ gate, snapshot: (scope) => watchers.snapshot(scope) });
    } catch (error) {
      if (stopped !== undefined) return;
      log.error({ err: error }, 'this node cannot hold the seat');
      lost.abort();
    }
  };
  return {
    lost: lost.signal,
    stop() {
      stopped ??= stop();
      return stopped;
    },
    async ready(log) {
      if (node.has('seat')) void seated(log);
    },
  };
}

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length === 0 ? undefined : AbortSignal.any(given);
}
