import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Logger } from '../log.js';
import { queueName } from './job.js';
import { openStore, type Store, type StoreOptions } from './redis-store.js';
import { OVERVIEW } from './scripts.js';

/** Nodes that were not there for longer are left out. */
const GONE_S = 86_400;

export interface ClusterOverview {
  /** The node that serves; undefined: none does. */
  readonly seat: string | undefined;
  /** Of its lease. */
  readonly leftMs: Millis;
  /** How often the seat was taken. */
  readonly epoch: number;
  readonly openCalls: number;
  readonly nodes: readonly NodeOverview[];
  readonly queues: readonly QueueOverview[];
}

export interface NodeOverview {
  readonly name: string;
  /** Since it was last heard. */
  readonly idleMs: Millis;
  /** Empty where it only stands by. */
  readonly roles: readonly string[];
}

/** Requests to one core. */
export interface QueueOverview {
  readonly core: CoreId;
  readonly waiting: number;
  readonly running: number;
}

/** The cluster as Redis knows it. @param cores those of the config @throws SyscallError `invalid-config` as `openStore` */
export async function readOverview(
  options: StoreOptions,
  cores: readonly CoreId[],
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<ClusterOverview> {
  const redis = await openStore(options, env, log);
  try {
    const [seat, leftMs, epoch, openCalls, nodes] = (await redis.eval(OVERVIEW, 1, `{${options.prefix}}:`, GONE_S)) as [
      string,
      number,
      number,
      number,
      (string | number)[],
    ];
    return {
      seat: seat === '' ? undefined : seat,
      leftMs: Math.max(0, leftMs),
      epoch,
      openCalls,
      nodes: Array.from({ length: nodes.length / 3 }, (_, n) => ({
        name: String(nodes[3 * n]),
        idleMs: 1000 * Number(nodes[3 * n + 1]),
        roles: String(nodes[3 * n + 2])
          .split(' ')
          .filter((role) => role !== ''),
      })),
      queues: await Promise.all(
        cores.map((core) => queueOf(redis, `{${options.prefix}}:bull:${queueName(core)}`, core)),
      ),
    };
  } finally {
    redis.disconnect();
  }
}

/** As BullMQ keeps it: two lists. */
async function queueOf(redis: Store, key: string, core: CoreId): Promise<QueueOverview> {
  const [waiting, running] = await Promise.all([redis.llen(`${key}:wait`), redis.llen(`${key}:active`)]);
  return { core, waiting, running };
}
