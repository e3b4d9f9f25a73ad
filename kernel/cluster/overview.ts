import type { Millis } from '../../syscalls/syscall.js';
import type { Logger } from '../log.js';
import { openStore, type StoreOptions } from './redis-store.js';
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
  readonly nodes: readonly { readonly name: string; readonly idleMs: Millis }[];
}

/** The cluster as Redis knows it. @throws SyscallError `invalid-config` as `openStore` */
export async function readOverview(
  options: StoreOptions,
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
      nodes: Array.from({ length: nodes.length / 2 }, (_, n) => ({
        name: String(nodes[2 * n]),
        idleMs: 1000 * Number(nodes[2 * n + 1]),
      })),
    };
  } finally {
    redis.disconnect();
  }
}
