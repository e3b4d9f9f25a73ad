import { hash } from 'node:crypto';
import { SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { CoreLimits } from '../capacity/capacity.js';
import type { Clock } from '../clock.js';
import type { Store } from './redis-store.js';
import { BEAT, JOIN, LEAVE } from './scripts.js';

/** What the other nodes know of one. */
export interface NodeCard {
  readonly roles: readonly string[];
  /** Hash of what each core is, in their order: the seat of any node must mean the same by a core as the workers. */
  readonly cores: readonly (readonly [core: CoreId, hash: string])[];
}

interface RegistryOptions {
  readonly redis: Store;
  readonly prefix: string;
  readonly node: string;
  readonly card: NodeCard;
  readonly leaseMs: Millis;
  readonly clock: Clock;
}

const BEATS_A_LEASE = 5;

/** The list of all nodes, on which this one is while it runs. */
export class Registry {
  readonly #options: RegistryOptions;
  #cancelTimer = () => {};

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** @throws SyscallError `invalid-config` where a node that runs has other cores */
  async join(): Promise<void> {
    const { redis, prefix, node, card, leaseMs } = this.#options;
    const cores = JSON.stringify(card.cores);
    const alive = Math.ceil(leaseMs / 1000);
    const found = (await redis.eval(JOIN, 1, prefix, node, cores, card.roles.join(' '), alive)) as
      | [string, string]
      | null;
    if (found !== null) throw otherCores(found[0], card.cores, JSON.parse(found[1]) as NodeCard['cores']);
    this.#beatLater();
  }

  /** Idempotent. */
  async leave(): Promise<void> {
    const { redis, prefix, node } = this.#options;
    this.#cancelTimer();
    await redis.eval(LEAVE, 1, prefix, node).catch(() => {});
  }

  #beatLater(): void {
    const { clock, leaseMs, redis, prefix, node, card } = this.#options;
    this.#cancelTimer = clock.after(leaseMs / BEATS_A_LEASE, () => {
      redis.eval(BEAT, 1, prefix, node, JSON.stringify(card.cores), card.roles.join(' ')).catch(() => {});
      this.#beatLater();
    });
  }
}

/** Of all that a config says of a core, but for what a reload may change. */
export function coreHash(config: object): string {
  const { cap: _cap, requestsPerMinute: _requests, tokensPerMinute: _tokens, ...fixed } = config as CoreLimits;
  return hash('sha256', JSON.stringify(fixed));
}

function otherCores(node: string, own: NodeCard['cores'], theirs: NodeCard['cores']): SyscallError {
  const ids = theirs.map(([id]) => id).join(', ');
  const at = own.findIndex(([id, hash], n) => theirs[n]?.[0] !== id || theirs[n]?.[1] !== hash);
  const core = own[at]?.[0];
  const differs = core === undefined ? '' : `; "${core}" is not the same there`;
  return new SyscallError(
    'invalid-config',
    `cluster: Expected the cores of node ${node}, which runs (${ids}), got ${own.map(([id]) => id).join(', ')}${differs}`,
  );
}
