import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import type { PolicyModule } from '../../../schedulers/load-module.js';
import { parsePolicy } from '../../../schedulers/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { err } from '../../terminal/printer.js';
import { OLD_EXPENSIVE_FIRST } from '../old-names.js';

const CORE_ORDERS = ['given', 'cheap-first', 'expensive-first'] as const;
type CoreOrder = (typeof CORE_ORDERS)[number];

/** One column of a comparison: a policy, and the order in which the config lists the cores for it. */
export interface Contender {
  /** As given. */
  readonly name: string;
  /** What the kernel's registry knows it by, or the name of its module. */
  readonly policy: string;
  readonly coreOrder: CoreOrder;
  /** Where it comes from, if not from the registry. */
  readonly module?: PolicyModule;
}

/**
 * Splits `a,b:key=value,key=value,c` where a new policy begins: a part that is only `key=value` belongs to the one before.
 */
export function splitPolicies(list: string): string[] {
  const specs: string[] = [];
  for (const part of list.split(',').map((text) => text.trim())) {
    const last = specs.pop();
    if (last === undefined) specs.push(part);
    else if (part.includes('=') && !part.includes(':')) specs.push(`${last},${part}`);
    else specs.push(last, part);
  }
  return specs;
}

/**
 * Reads one policy. Beside the policy's own parameters, `order` says how its cores are listed: `given`, `cheap-first`
 * or `expensive-first`. It is not the policy's business, but it decides what a policy costs that goes by that order.
 *
 * @param modules policies that are not in the registry; they take no parameters of their own
 * @throws SyscallError `invalid-config` for an unknown policy, parameter or value
 */
export function parseContender(name: string, modules: readonly PolicyModule[] = []): Contender {
  const at = name.indexOf(':');
  const head = at < 0 ? name : name.slice(0, at);
  const params = at < 0 ? [] : name.slice(at + 1).split(',');
  const own = params.filter((pair) => !pair.startsWith('order='));
  const order = orderOf(params.find((pair) => pair.startsWith('order='))?.slice('order='.length) ?? 'given');
  if (!isCoreOrder(order)) {
    throw new SyscallError(
      'invalid-config',
      `--policies: Expected order to be one of ${CORE_ORDERS.join(', ')}, got "${order}"`,
    );
  }
  const policy = own.length === 0 ? head : `${head}:${own.join(',')}`;
  const module = modules.find((one) => one.name === head);
  if (module !== undefined && own.length === 0) return { name, policy, coreOrder: order, module };
  if (module !== undefined) {
    throw new SyscallError('invalid-config', `--policies: Expected ${head} without parameters, got "${own.join(',')}"`);
  }
  try {
    parsePolicy(policy);
  } catch (error) {
    throw new SyscallError('invalid-config', `--policies: ${SyscallError.from(error).message}`, { cause: error });
  }
  return { name, policy, coreOrder: order };
}

/** The policies that were asked for by name, and behind them the modules that were not. */
export function withModules(policies: readonly string[], modules: readonly PolicyModule[]): readonly string[] {
  const named = new Set(policies.map((spec) => spec.split(':')[0]));
  return [...policies, ...modules.map(({ name }) => name).filter((name) => !named.has(name))];
}

/** The cores as this contender's config lists them, by the price of output; equal prices keep their order. */
export function inOrder(cores: readonly CoreConfig[], order: CoreOrder): readonly CoreConfig[] {
  if (order === 'given') return cores;
  const sign = order === 'cheap-first' ? 1 : -1;
  return cores.toSorted((a, b) => sign * (a.price.outputPerMTok - b.price.outputPerMTok));
}

/** The name of an order today: one version of the program still takes the old one. */
function orderOf(text: string): string {
  if (text !== OLD_EXPENSIVE_FIRST) return text;
  err(`--policies: order=${OLD_EXPENSIVE_FIRST} is now called order=expensive-first; the old name will be an error\n`);
  return 'expensive-first';
}

function isCoreOrder(text: string): text is CoreOrder {
  return CORE_ORDERS.some((order) => order === text);
}
