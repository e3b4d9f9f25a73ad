import { z } from 'zod';
import { SyscallError } from '../syscalls/errors.js';
import { describeIssue, show } from '../syscalls/protocol.js';
import { type Known, oracle, oracleUnderCaps } from './baselines/oracle.js';
import { perCall, perCallParameters } from './baselines/per-call.js';
import { subgradient, subgradientParameters } from './baselines/subgradient.js';
import { type TaskMeans, taskList, taskListParameters } from './baselines/task-list.js';
import { eccosParameters, eccosPolicy } from './eccos/policy/parameters.js';
import { LazyPredictor } from './eccos/predictor/lazy-predictor.js';
import type { PredictorFolders } from './eccos/predictor/open-predictor.js';
import type { Predictor } from './eccos/predictor/prediction.js';
import { fifo } from './fifo.js';
import { cheapest, cheapestFree, leastLoaded, random, randomParameters, strongest } from './greedy.js';
import { didYouMean } from './nearest.js';
import { numberText } from './parameters.js';
import type { SchedulerPolicy } from './policy.js';
import { RoundRobin } from './round-robin.js';

export { conformanceCases } from './conformance/conformance.js';
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
  /** @default opens one at the first prediction */
  readonly predictor: (folders: PredictorFolders) => Predictor;
  /** Means of the 16 nearest recorded prompts. @default none: without records there are no neighbours */
  readonly neighbours?: () => Predictor;
  /** What rated answers came to. @default none: a kernel keeps no table of them */
  readonly means?: () => TaskMeans;
  /** What would become of a call on a core. @default none: it is not known beforehand */
  readonly known?: Known;
}

const SERVICES: PolicyServices = { predictor: (folders) => new LazyPredictor(folders) };

/** One policy: what it does, and how it is made from the parameters of a spec. */
interface PolicyRow {
  readonly about: string;
  /** @throws SyscallError `invalid-config` for a parameter that it does not have or take */
  readonly parse: (
    params: Readonly<Record<string, string>>,
    name: string,
  ) => (services: PolicyServices) => SchedulerPolicy;
}

function row<P extends z.ZodObject>(
  about: string,
  schema: P,
  create: (params: z.infer<P>, services: PolicyServices) => SchedulerPolicy,
): PolicyRow {
  return {
    about,
    parse(given, name) {
      const parsed = schema.safeParse(given);
      if (parsed.success) return (services) => create(parsed.data, services);
      const unknown = Object.keys(given).find((key) => !Object.hasOwn(schema.shape, key));
      const fault =
        unknown === undefined
          ? describeIssue(parsed.error, given, `policy ${name}`)
          : `policy ${name}: ${wrongParameter(unknown, Object.keys(schema.shape))}`;
      throw new SyscallError('invalid-config', fault);
    },
  };
}

function wrongParameter(given: string, known: readonly string[]): string {
  const expected = known.length === 0 ? 'no parameters' : `one of the parameters ${known.join(', ')}`;
  return `Expected ${expected}, got ${show(given)}${didYouMean(given, known)}`;
}

const noParameters = z.strictObject({});

/** Every policy: one row each. Parameters are texts, which the schemas turn into what they ask for. */
export const POLICIES = {
  fifo: row('oldest call first, on the first free eligible core in config order', noParameters, fifo),
  'round-robin': row(
    'agents take turns, cores take turns; timeSliceMs preempts streaming calls',
    z.strictObject({ timeSliceMs: numberText(1, 3_600_000).optional() }),
    (params) => new RoundRobin(params),
  ),
  eccos: row(
    'least cost at which mean predicted quality reaches alpha; learns from feedback',
    eccosParameters,
    ({ predictor, encoder, memory, memoryFault, ...params }, services) =>
      eccosPolicy(params, services.predictor({ predictor, encoder, memory, memoryFault })),
  ),
  cheapest: row('cheapest eligible core; waits for it when it is full', noParameters, cheapest),
  'cheapest-free': row('cheapest eligible core with a free slot', noParameters, cheapestFree),
  strongest: row(
    'eligible core of the highest configured quality, else output price; waits for it when it is full',
    noParameters,
    strongest,
  ),
  random: row('eligible core with a free slot, drawn by call and seed', randomParameters, random),
  'least-loaded': row(
    'eligible core with a free slot and the smallest share of its cap in use',
    noParameters,
    leastLoaded,
  ),
  'per-call': row(
    'each call waits for the cheapest core with predicted quality >= threshold, else the best',
    perCallParameters,
    ({ threshold, ...folders }, { predictor }) => perCall('per-call', predictor(folders), threshold),
  ),
  'per-call-16nn': row(
    'the same with the means of the 16 nearest recorded prompts; only in eccos compare --data',
    perCallParameters.pick({ threshold: true }),
    ({ threshold }, { neighbours }) => {
      const open = needed(neighbours, 'per-call-16nn', 'recorded neighbours', 'eccos compare --data');
      return perCall('per-call-16nn', open(), threshold);
    },
  ),
  'per-call-load': row(
    'as per-call, among the cores with a free slot',
    perCallParameters,
    ({ threshold, ...folders }, { predictor }) => perCall('per-call-load', predictor(folders), threshold),
  ),
  'task-list': row(
    'a list of cores for each task, by mean quality less mean cost by scale: first free one; only in eccos compare',
    taskListParameters,
    ({ scale }, { means }) => taskList(needed(means, 'task-list', 'means of rated answers', 'eccos compare')(), scale),
  ),
  subgradient: row(
    'the published solver: mean predicted quality alpha in every tick',
    subgradientParameters,
    ({ alpha, ...folders }, { predictor }) => subgradient(predictor(folders), alpha),
  ),
  oracle: row(
    'knows every outcome: waits for the cheapest of the best; only in eccos compare',
    noParameters,
    (_, { known }) => oracle(needed(known, 'oracle', 'known outcomes', 'eccos compare')),
  ),
  'oracle-caps': row(
    'knows every outcome: best under the caps, no slot idle; only in eccos compare',
    noParameters,
    (_, { known }) => oracleUnderCaps(needed(known, 'oracle-caps', 'known outcomes', 'eccos compare')),
  ),
} as const satisfies Record<string, PolicyRow>;

export type PolicyName = keyof typeof POLICIES;

/** Names that `createPolicy` takes. */
export function policyNames(): readonly PolicyName[] {
  return Object.keys(POLICIES) as PolicyName[];
}

/** Makes a policy in its first state, as often as it is called. @param services in place of the default ones */
export type PolicyMaker = (services?: Partial<PolicyServices>) => SchedulerPolicy;

/**
 * Reads `name` or `name:key=value,key=value`. The policy is made later, when its services are there.
 *
 * @throws SyscallError `invalid-config` for an unknown name, key or value; the maker throws it for a missing service
 */
export function parsePolicy(spec: string): PolicyMaker {
  const [name = '', ...rest] = spec.split(':');
  if (!Object.hasOwn(POLICIES, name)) {
    const names = policyNames();
    throw new SyscallError(
      'invalid-config',
      `Expected one of the policies ${names.join(', ')}, got ${show(name)}${didYouMean(name, names)}`,
    );
  }
  const create = POLICIES[name as PolicyName].parse(paramsOf(rest.join(':')), name);
  return (services) => create({ ...SERVICES, ...services });
}

/**
 * A new policy from `name` or `name:key=value,key=value`.
 *
 * @throws SyscallError `invalid-config` as `parsePolicy` and its maker
 */
export function createPolicy(spec: string, services?: Partial<PolicyServices>): SchedulerPolicy {
  return parsePolicy(spec)(services);
}

function needed<T>(service: T | undefined, policy: string, what: string, where: string): T {
  if (service !== undefined) return service;
  throw new SyscallError('invalid-config', `${policy}: Expected ${what}, which are there only in ${where}`);
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
