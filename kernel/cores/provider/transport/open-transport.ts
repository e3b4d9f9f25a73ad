import { SyscallError } from '../../../../syscalls/errors.js';
import type { CoreDeps } from '../../core-deps.js';
import { baseUrlOf, type Connection, keyNames } from './connection-config.js';
import { KeyRing } from './key-ring.js';
import { type HttpProxy, PROXY_RULE, parseProxy, proxyVariable } from './proxy.js';
import { routeTo } from './route.js';
import { Transport } from './transport.js';
import { trustedWith } from './trusted.js';

/** Least characters of a header or parameter that may be a secret: a shorter one is an ordinary word of messages. */
const MIN_SECRET = 8;

type Given = Connection & { readonly id: string; readonly maxResponseBytes: number; readonly maxPauseMs: number };

/** @throws SyscallError `invalid-config` for what a schema cannot see: the environment with keys and proxies, and the file `ca` */
export async function openTransport(config: Given, { clock, env, log }: CoreDeps): Promise<Transport> {
  const { id, provider, ca, headers, query, maxResponseBytes, maxPauseMs } = config;
  try {
    const keys = new KeyRing({ id, provider, names: keyNames(config), env, maxPauseMs, clock, log });
    const target = new URL(baseUrlOf(config));
    const trusted = ca === undefined ? undefined : await trustedWith(ca, env);
    const route = routeTo(target.origin, proxyFor(target, config, env), trusted);
    const values = [...Object.values(headers), ...Object.values(query)].filter(({ length }) => length >= MIN_SECRET);
    const secrets = [...keys.secrets, ...values];
    return new Transport({ origin: target.origin, route, keys, secrets, query, maxResponseBytes, clock });
  } catch (error) {
    const { code, message } = SyscallError.from(error);
    throw new SyscallError(code, `${id}: ${message}`);
  }
}

function proxyFor(target: URL, { proxy }: Connection, env: CoreDeps['env']): HttpProxy | undefined {
  if (proxy === false) return undefined;
  if (proxy !== undefined) return parseProxy(proxy);
  const variable = proxyVariable(target, env);
  if (variable === undefined) return undefined;
  const named = parseProxy(variable.value);
  if (named !== undefined) return named;
  const rule = `Expected the environment variable ${variable.name} to be ${PROXY_RULE}`;
  throw new SyscallError('invalid-config', `${rule}, got a value that is not shown`);
}
