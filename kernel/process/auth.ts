import { createHash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { SyscallError } from '../../syscalls/errors.js';
import type { KernelConfig } from '../config/config.js';
import { LOCAL, type Principal } from './principal.js';

type AuthConfig = KernelConfig['auth'];
type TokenConfig = AuthConfig['tokens'][number];
type Environment = Readonly<Record<string, string | undefined>>;

interface Entry {
  /** SHA-256 of the token: the token itself is never kept. */
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Knows the tokens of the config and whom each stands for. Where there are none, everybody is `LOCAL`. */
export class Authenticator {
  readonly #env: Environment;
  #entries: readonly Entry[];
  #names: number;

  /** @throws SyscallError `invalid-config` naming the token and the variable, never a value */
  constructor(auth: AuthConfig, env: Environment) {
    this.#env = env;
    this.#entries = readTokens(auth, env);
    this.#names = namesOf(this.#entries);
  }

  /** How many names its tokens have, at least 1. */
  get names(): number {
    return this.#names;
  }

  /** Whose token it is; every known one is compared in constant time, so that the time of the answer reveals nothing. */
  authenticate(token: string | undefined): Principal | undefined {
    if (this.#entries.length === 0) return LOCAL;
    if (token === undefined) return undefined;
    const digest = sha256(token);
    let found: Principal | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    }
    return found;
  }

  /**
   * Takes over the tokens of another config, or none of them when one is wrong.
   *
   * @throws SyscallError `invalid-config`
   */
  replace(auth: AuthConfig): void {
    const entries = readTokens(auth, this.#env);
    // Without any token everybody is the operator: that takes a new boot.
    if (entries.length === 0 && this.#entries.length > 0) {
      throw new SyscallError(
        'invalid-config',
        'auth.tokens: Expected at least one token while the kernel runs with tokens, got none',
      );
    }
    const known = (entry: Entry) => this.#entries.find((old) => isDeepStrictEqual(old, entry));
    this.#entries = entries.map((entry) => known(entry) ?? entry);
    this.#names = namesOf(this.#entries);
  }

  /** Whether a principal given out earlier is still what its token says: not after the token or its scope changed. */
  stillValid(principal: Principal): boolean {
    if (this.#entries.length === 0) return principal === LOCAL;
    return this.#entries.some((entry) => entry.principal === principal);
  }
}

function namesOf(entries: readonly Entry[]): number {
  return Math.max(1, new Set(entries.map(({ principal }) => principal.name)).size);
}

function readTokens({ tokens }: AuthConfig, env: Environment): Entry[] {
  const seen = new Set<string>();
  return tokens.map((token, index) => {
    const digest = digestOf(token, index, env);
    const hex = digest.toString('hex');
    if (seen.has(hex)) {
      throw new SyscallError('invalid-config', `auth.tokens.${index}: Expected every token once, got one twice`);
    }
    seen.add(hex);
    return { digest, principal: principalOf(token) };
  });
}

function digestOf({ sha256: hex, env: variable = '' }: TokenConfig, index: number, env: Environment): Buffer {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  const value = env[variable];
  if (value) return sha256(value);
  throw new SyscallError(
    'invalid-config',
    `auth.tokens.${index}.env: Expected the variable ${variable} to hold a token, got nothing`,
  );
}

function principalOf({ name, tenant, operator, verifier, cores, methods, ...caps }: TokenConfig): Principal {
  const { maxPriority, maxPending = Number.POSITIVE_INFINITY, budgetUsd = Number.POSITIVE_INFINITY } = caps;
  const { budgetPerDayUsd: day, budgetPerMonthUsd: month } = caps;
  const budgetUsdBy = { ...(day === undefined ? {} : { day }), ...(month === undefined ? {} : { month }) };
  const known = { name, tenant, operator, verifier, cores, methods, maxPriority, maxPending, budgetUsd };
  return day === undefined && month === undefined ? known : { ...known, budgetUsdBy };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
