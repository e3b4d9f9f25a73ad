import { createHash, timingSafeEqual } from 'node:crypto';
import { SyscallError } from '../syscalls/errors.js';
import type { KernelConfig } from './config.js';
import { LOCAL, type Principal } from './principal.js';

type AuthConfig = KernelConfig['auth'];

interface Entry {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** Who a token stands for. Only hashes of tokens are kept, and they are compared in constant time. */
export class Authenticator {
  readonly #env: Readonly<Record<string, string | undefined>>;
  #entries: readonly Entry[] = [];

  /** @throws SyscallError `invalid-config` for an environment variable that is not set, naming the variable */
  constructor(auth: AuthConfig, env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
    this.#entries = this.#read(auth);
  }

  /** Whether a connection needs a token. */
  get required(): boolean {
    return this.#entries.length > 0;
  }

  /** Takes over the tokens of another config; on an error the old ones stay. */
  replace(auth: AuthConfig): void {
    this.#entries = this.#read(auth);
  }

  /** Undefined: the connection must be refused. Without any token in the config everybody is the operator. */
  authenticate(token: string | undefined): Principal | undefined {
    if (!this.required) return LOCAL;
    if (token === undefined) return undefined;
    const hash = sha256(token);
    let found: Principal | undefined;
    // All of them are looked at, so that the time tells nothing.
    for (const entry of this.#entries) if (timingSafeEqual(entry.hash, hash)) found = entry.principal;
    return found;
  }

  /** Whether a connection that was let in as this principal may stay. */
  knows(principal: Principal): boolean {
    return this.required ? this.#entries.some((entry) => entry.principal === principal) : principal === LOCAL;
  }

  /** A token that has not changed keeps its principal, so that its connections stay. */
  #read({ tokens }: AuthConfig): Entry[] {
    return tokens.map((token) => {
      const hash =
        token.sha256 === undefined ? sha256(this.#secret(token.env ?? '')) : Buffer.from(token.sha256, 'hex');
      const principal = principalOf(token);
      const old = this.#entries.find((entry) => entry.hash.equals(hash));
      const isSame = old !== undefined && JSON.stringify(old.principal) === JSON.stringify(principal);
      return { hash, principal: isSame ? old.principal : principal };
    });
  }

  #secret(variable: string): string {
    const value = this.#env[variable];
    if (value === undefined || value === '') {
      throw new SyscallError('invalid-config', `auth.tokens: the environment variable ${variable} is not set`);
    }
    return value;
  }
}

function principalOf(token: AuthConfig['tokens'][number]): Principal {
  const { name, tenant, operator, models, methods, maxPriority, maxPending, budgetUsd } = token;
  return {
    name,
    tenant,
    operator,
    models,
    methods,
    maxPriority,
    maxPending: maxPending ?? Number.POSITIVE_INFINITY,
    budgetUsd: budgetUsd ?? Number.POSITIVE_INFINITY,
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
