import type { SchedulerPolicy } from '../schedulers/policy.js';
import type { CoreView } from '../syscalls/cores.js';
import type { HelloParams } from '../syscalls/hello.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis } from '../syscalls/syscall.js';
import type { Clock } from './clock.js';
import type { KernelConfig } from './config/config.js';
import type { LLMCore } from './cores/core.js';
import type { CoreDeps } from './cores/core-deps.js';
import { createCores } from './cores/kinds/registry.js';
import { checkExposure } from './doors/access.js';
import type { LocalProcess } from './doors/in-process.js';
import type { Address } from './doors/listener.js';
import type { KernelEvents } from './events.js';
import { createLogger, type Logger } from './log.js';
import { ContainerModule, compose, kernelContainer, PART } from './modules.js';
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
  if (!container.isBound(PART.cores)) {
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
    container.bind(PART.cores).toConstantValue(cores.map(wrapCore));
  }
  const { kernel, auth, gate, watchers, spans, doors, listener, inProcess } = compose(container);
  spans.start();
  for (const door of doors) door.open(gate, listener);
  let isListening = false;
  const stop = async () => {
    listener.stopListening();
    await kernel.stop();
    watchers.close();
    for (const door of doors) await door.close?.();
    listener.close();
  };
  try {
    await kernel.ready();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    events: kernel.events,
    lost: container.get(PART.journal).lost,
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
    stop,
  };
}

function givenModule({ clock, stopwatch, policy }: BootOptions): ContainerModule {
  return new ContainerModule(({ rebind }) => {
    if (clock !== undefined) rebind(PART.clock).toConstantValue(clock);
    if (stopwatch !== undefined) rebind(PART.stopwatch).toConstantValue(stopwatch);
    if (policy !== undefined) rebind(PART.policy).toConstantValue(policy);
  });
}
