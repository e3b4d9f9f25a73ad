import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { SyscallError } from '../../syscalls/errors.js';
import type { Logger } from '../log.js';

/** A connection to Redis. */
export type Store = Redis;

export interface StoreOptions {
  /** `redis://` or `rediss://`, without a password. */
  readonly redis: string;
  /** Environment variable with the password. */
  readonly passwordEnv?: string | undefined;
  readonly prefix: string;
  readonly durability: 'process' | 'power';
}

const LEAST_VERSION = 7;
/** Redis answers in a fraction of it, also while it writes its disk. */
const COMMAND_TIMEOUT_MS = 5000;

/** @throws SyscallError `invalid-config` where the package is missing, Redis cannot be reached, or its settings lose calls */
export async function openStore(
  options: StoreOptions,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<Store> {
  const { redis: url, passwordEnv } = options;
  const password = passwordEnv === undefined ? undefined : env[passwordEnv];
  if (passwordEnv !== undefined && !password) {
    throw invalid('passwordEnv', `Expected the environment variable ${passwordEnv} to hold a password`);
  }
  // A user in the address would bring an empty password along.
  const address = new URL(url);
  const username = decodeURIComponent(address.username);
  address.username = '';
  const settings = {
    ...(username === '' ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // A command that was not answered is asked again by who knows whether that is safe.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times: number) => Math.min(50 * times, 1000),
  };
  const Driver = await driver();
  const redis: Store = new Driver(address.href, settings);
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    await checkServer(redis, options, log);
    return redis;
  } catch (error) {
    redis.disconnect();
    if (error instanceof SyscallError) throw error;
    throw invalid('redis', `${shown(url)}: ${((lastError ?? error) as Error).message}`);
  }
}

/** A script that Redis is sent once, and then known by its hash. */
export class KnownScript {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = hash('sha1', text);
  }

  async run(redis: Store, prefix: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#hash, 1, prefix, ...args);
    } catch (error) {
      // Redis has begun anew.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#text, 1, prefix, ...args);
    }
  }
}

async function driver(): Promise<typeof Redis> {
  try {
    return (await import('ioredis')).Redis;
  } catch {
    throw invalid('redis', 'Expected a package that is not installed; run npm install ioredis');
  }
}

/** Names what would lose calls. */
async function checkServer(redis: Store, { durability }: StoreOptions, log: Logger): Promise<void> {
  const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= LEAST_VERSION)) {
    throw invalid('redis', `Expected Redis ${LEAST_VERSION} or later, got ${version}`);
  }
  const wanted: Record<string, readonly string[]> = {
    'maxmemory-policy': ['noeviction'],
    appendonly: ['yes'],
    appendfsync: durability === 'power' ? ['always'] : ['always', 'everysec'],
  };
  let found: Readonly<Record<string, string>>;
  try {
    found = await settingsOf(redis, Object.keys(wanted));
  } catch (error) {
    log.warn({ err: error }, 'cluster.redis: its settings may not be read: noeviction and appendonly were not checked');
    return;
  }
  for (const [name, values] of Object.entries(wanted)) {
    const value = found[name];
    if (value === undefined || values.includes(value)) continue;
    throw invalid('redis', `Expected ${name} to be ${values.join(' or ')}, got ${value}`);
  }
}

async function settingsOf(redis: Store, names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const pairs = (await redis.config('GET', ...(names as [string, ...string[]]))) as string[];
  return Object.fromEntries(Array.from({ length: pairs.length / 2 }, (_, n) => [pairs[2 * n], pairs[2 * n + 1]]));
}

/** Without what may be a secret. */
function shown(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function invalid(field: string, message: string): SyscallError {
  return new SyscallError('invalid-config', `cluster.${field}: ${message}`);
}
