import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { SyscallError } from '../syscalls/errors.js';
import { describeIssue } from '../syscalls/protocol.js';
import { POLICY_HOOKS, type SchedulerPolicy } from './policy.js';
import { policyNames } from './registry.js';

/** A policy from a file of the user. */
export interface PolicyModule {
  readonly name: string;
  /** Makes the policy in its first state, as often as it is called. */
  readonly create: () => SchedulerPolicy;
}

const method = z.custom((value) => typeof value === 'function', 'Expected a function');
const NAME_RULE = 'Expected 1 to 64 letters, digits, _, . or -';

/** What a policy must have, and what it may have; all other members are its own. */
const policyShape = z.looseObject({
  name: z.string(NAME_RULE).regex(/^[\w.-]{1,64}$/, NAME_RULE),
  outlook: z.undefined('Expected its new name, status').optional(),
  ...Object.fromEntries(
    Object.entries(POLICY_HOOKS).map(([hook, need]) => [hook, need === 'needed' ? method : method.optional()]),
  ),
});

/**
 * Loads JavaScript modules whose default export, or only export, is a function that makes a policy.
 *
 * @throws SyscallError `invalid-config` for a file that cannot be loaded, a value that is not a policy, and a name that is taken
 */
export async function loadPolicyModules(files: readonly string[]): Promise<readonly PolicyModule[]> {
  const modules: PolicyModule[] = [];
  for (const file of files) {
    const module = await loadPolicyModule(file);
    const taken = [...policyNames(), ...modules.map(({ name }) => name)];
    if (taken.includes(module.name)) {
      throw fault(file, `Expected a name other than ${taken.join(', ')}, got "${module.name}"`);
    }
    modules.push(module);
  }
  return modules;
}

/** One module, under any name. @throws SyscallError `invalid-config` as `loadPolicyModules` */
export async function loadPolicyModule(file: string): Promise<PolicyModule> {
  const load = () => import(pathToFileURL(resolve(file)).href);
  const make = makerOf(await tried(file, 'a JavaScript module that loads', load));
  if (typeof make !== 'function') {
    throw fault(file, `Expected its default export to be a function that makes a policy, got ${nameOf(make)}`);
  }
  const create = make as () => SchedulerPolicy;
  // In an object: a function that returns a promise makes no policy, and must not be awaited here.
  const { policy } = await tried(file, 'its function to make a policy', () => ({ policy: create() }));
  const { success, error } = policyShape.safeParse(policy);
  if (!success) throw fault(file, describeIssue(error, policy, 'policy'));
  return { name: policy.name, create };
}

function makerOf(exported: Readonly<Record<string, unknown>>): unknown {
  const all = Object.values(exported);
  return all.length === 1 ? all[0] : exported['default'];
}

/** @param rule what is expected of the work, which runs code of the user */
async function tried<T>(file: string, rule: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What was thrown, without its stack.
    throw fault(file, `Expected ${rule}, got ${String(error).split('\n')[0]}`, error);
  }
}

function nameOf(value: unknown): string {
  return value === undefined ? 'none' : typeof value;
}

function fault(file: string, message: string, cause?: unknown): SyscallError {
  return new SyscallError('invalid-config', `--policy-module ${file}: ${message}`, { cause });
}
