import type { SchedulerPolicy } from '../schedulers/policy.js';
import type { CoreView } from '../syscalls/cores.js';
import type { StatsReply } from '../syscalls/stats.js';
import { type Clock, realClock, stopwatch } from './clock.js';
import type { KernelConfig } from './config/config.js';
import { composeKernel } from './container.js';
import type { LLMCore } from './cores/core.js';
import { type CoreDeps, createCores } from './cores/registry.js';
import { checkExposure } from './doors/access.js';
import { type KernelServer, startServer } from './doors/listener.js';
import type { Outbox, Session } from './doors/session.js';
import type { KernelEvents } from './events.js';
import { createLogger, type Logger } from './log.js';
import { Authenticator } from './process/auth.js';
import type { Principal } from './process/principal.js';
import { bootId, systemRandom } from './random.js';

export { VirtualClock } from './clock.js';
export type { KernelConfig } from './config/config.js';
export { configJsonSchema, loadConfig } from './config/config.js';
export { defaultConfig } from './config/default-config.js';
export type { KernelLimits } from './config/limits.js';

export interface BootOptions {
  /** @default real time */
  readonly clock?: Clock;
  /** Where keys and tokens come from. @default the environment of this process */
  readonly env?: CoreDeps['env'];
  /** @default a logger on stderr at the config's level */
  readonly log?: Logger;
  /** A policy of one's own, in place of the one that the config names. */
  readonly policy?: SchedulerPolicy;
  /** Puts something around each core, for example a witness that counts. */
  readonly wrapCore?: (core: LLMCore) => LLMCore;
  /** Difficulty of a prompt for simulated cores. @default drawn from a hash of the prompt */
  readonly items?: CoreDeps['items'];
  /** Outcome files that recorded cores share with other kernels of this process. @default each kernel reads its own */
  readonly outcomes?: CoreDeps['outcomes'];
}

/** A running kernel. */
export interface BootedKernel {
  readonly events: KernelEvents;
  /** A connection in process: the same checks and the same path as over a socket, without the socket. */
  open(principal: Principal, outbox: Outbox): Session;
  /** Opens the WebSocket server. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  cores(): CoreView[];
  stats(): StatsReply;
  /** Takes over caps, limits and tokens of a config; the rest of it needs a new boot. */
  reload(config: KernelConfig): void;
  /** Drains and shuts down. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Boots a kernel in this process.
 *
 * @throws SyscallError `invalid-config`, naming field, rule and value
 */
export async function bootKernel(config: KernelConfig, options: BootOptions = {}): Promise<BootedKernel> {
  const { clock = realClock, env = process.env, wrapCore = (core) => core, policy, items, outcomes } = options;
  const log = options.log ?? createLogger(config.log);
  const deps: CoreDeps = {
    clock,
    env,
    seed: config.seed,
    ...(items === undefined ? {} : { items }),
    ...(outcomes === undefined ? {} : { outcomes }),
  };
  const cores = (await createCores(config.cores, deps)).map(wrapCore);
  const auth = new Authenticator(config.auth, env);
  const boot = bootId();
  const kernel = composeKernel(config, {
    clock,
    stopwatch,
    random: systemRandom,
    nextId: (seq) => `${boot}-${seq}`,
    log,
    cores,
    policy,
  });
  try {
    await kernel.ready();
  } catch (error) {
    await kernel.stop();
    throw error;
  }
  let server: KernelServer | undefined;
  return {
    events: kernel.events,
    open: (principal, outbox) => kernel.open(principal, outbox),
    async listen() {
      const open = (principal: Principal, outbox: Outbox) => kernel.open(principal, outbox);
      server ??= await startServer({ config, auth, clock, log, open });
      return { url: server.url, port: server.port };
    },
    cores: () => kernel.cores(),
    stats: () => kernel.stats(),
    reload(next) {
      if (server !== undefined) checkExposure({ listen: config.listen, auth: next.auth });
      auth.replace(next.auth);
      kernel.reload(next);
      server?.reload(next);
    },
    async stop() {
      server?.stopListening();
      await kernel.stop();
      await server?.close();
    },
  };
}
