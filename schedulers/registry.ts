import { z } from 'zod';
import { SyscallError } from '../syscalls/errors.js';
import { describeIssue } from '../syscalls/protocol.js';
import { PerCall, perCallParameters } from './baselines/per-call.js';
import { Subgradient, subgradientParameters } from './baselines/subgradient.js';
import { eccosParameters, eccosPolicy } from './eccos/policy/parameters.js';
import { LazyPredictor } from './eccos/predictor/lazy-predictor.js';
import type { Predictor } from './eccos/predictor/prediction.js';
import { fifo } from './fifo.js';
import type { SchedulerPolicy } from './policy.js';
import { RoundRobin } from './round-robin.js';

export { conformanceCases } from './conformance.js';
export type {
  Assignment,
  FinishedCall,
  PendingCall,
  SchedulableCore,
  SchedulerPolicy,
  SchedulingSnapshot,
} from './policy.js';

/** What policies may rest on beside their parameters. */
export interface PolicyServices {
  /** @param folder written by `eccos train`; undefined: the shipped one @default opens one at the first prediction */
  readonly predictor: (folder: string | undefined) => Predictor;
}

const SERVICES: PolicyServices = { predictor: (folder) => new LazyPredictor({ predictor: folder }) };

/** One policy: what it does, and how it is made from the parameters of a spec. */
interface PolicyRow {
  readonly about: string;
  /** @throws SyscallError `invalid-config` for a parameter that it does not have or take */
  readonly create: (params: Readonly<Record<string, string>>, services: PolicyServices) => SchedulerPolicy;
}

function row<P extends z.ZodType>(
  about: string,
  schema: P,
  create: (params: z.infer<P>, services: PolicyServices) => SchedulerPolicy,
): PolicyRow {
  return {
    about,
    create(given, services) {
      const parsed = schema.safeParse(given);
      if (parsed.success) return create(parsed.data, services);
      throw new SyscallError('invalid-config', describeIssue(parsed.error, given, 'policy parameter'));
    },
  };
}

/** Every policy: one row each. Parameters are texts, which the schemas turn into what they ask for. */
export const POLICIES = {
  fifo: row('oldest call first, on the first free eligible core in config order', z.strictObject({}), fifo),
  'round-robin': row(
    'agents take turns, cores take turns; timeSliceMs preempts streaming calls',
    z.strictObject({
      timeSliceMs: z
        .string()
        .regex(/^\d+(\.\d+)?$/, 'Expected a number')
        .transform(Number)
        .pipe(z.number().min(1).max(3_600_000))
        .optional(),
    }),
    (params) => new RoundRobin(params),
  ),
  eccos: row(
    'least cost at which mean predicted quality reaches alpha; learns from feedback',
    eccosParameters,
    ({ predictor, ...params }, services) => eccosPolicy(params, services.predictor(predictor)),
  ),
  'per-call': row(
    'each call waits for the cheapest core with predicted quality >= threshold, else the best',
    perCallParameters,
    ({ predictor, threshold }, services) =>
      new PerCall({ name: 'per-call', predictor: services.predictor(predictor), threshold, loadCheck: false }),
  ),
  'per-call-load': row(
    'the same among the cores that are free',
    perCallParameters,
    ({ predictor, threshold }, services) =>
      new PerCall({ name: 'per-call-load', predictor: services.predictor(predictor), threshold, loadCheck: true }),
  ),
  subgradient: row(
    'the published solver: mean predicted quality alpha in every tick',
    subgradientParameters,
    ({ predictor, alpha }, services) => new Subgradient({ predictor: services.predictor(predictor), alpha }),
  ),
} as const satisfies Record<string, PolicyRow>;

export type PolicyName = keyof typeof POLICIES;

/** Names that `createPolicy` takes. */
export function policyNames(): readonly PolicyName[] {
  return Object.keys(POLICIES) as PolicyName[];
}

/**
 * A new policy from `name` or `name:key=value,key=value`.
 *
 * @throws SyscallError `invalid-config` for an unknown name, key or value
 */
export function createPolicy(spec: string, services: PolicyServices = SERVICES): SchedulerPolicy {
  const [name = '', ...rest] = spec.split(':');
  if (!Object.hasOwn(POLICIES, name)) {
    throw new SyscallError('invalid-config', `Expected one of the policies ${policyNames().join(', ')}, got "${name}"`);
  }
  return POLICIES[name as PolicyName].create(paramsOf(rest.join(':')), services);
}

function paramsOf(text: string): Record<string, string> {
  if (text === '') return {};
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new SyscallError('invalid-config', `Expected a policy parameter as key=value, got "${pair}"`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}
