import type { Bind, ServiceIdentifier } from 'inversify';
import type { SchedulerPolicy } from '../schedulers/policy.js';
import type { SyscallId } from '../syscalls/syscall.js';
import type { Admission } from './call/admission.js';
import type { CallTable } from './call/call-table.js';
import type { FinishedCalls } from './call/finished-calls.js';
import type { Journal } from './call/journal.js';
import type { KeyedCalls } from './call/keyed-calls.js';
import type { StartRate } from './call/start-rate.js';
import type { Capacity } from './capacity/capacity.js';
import type { CoreTable } from './capacity/core-table.js';
import type { Clock } from './clock.js';
import type { ClusterNode } from './cluster/node.js';
import type { KernelConfig } from './config/config.js';
import type { LLMCore } from './cores/core.js';
import type { CoreKind } from './cores/kinds/registry.js';
import type { SchedulerLoop } from './dispatch/loop.js';
import type { Runner } from './dispatch/runner.js';
import type { Door } from './doors/door.js';
import type { HttpDoor } from './doors/http/http-door.js';
import type { InProcessDoor } from './doors/in-process.js';
import type { HttpListener } from './doors/listener.js';
import type { RequestRates } from './doors/request-rates.js';
import type { ViewDoorDeps } from './doors/ui/view-door.js';
import type { Unfinished } from './doors/unfinished.js';
import type { WorkTurns } from './doors/work-turns.js';
import type { KernelEvents } from './events.js';
import type { KernelGate } from './gate.js';
import type { Kernel, Settings } from './kernel.js';
import type { LearntKeeper } from './learnt-keeper.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import type { PolicyGuard } from './policy-guard.js';
import type { Authenticator } from './process/auth.js';
import type { Held } from './process/held.js';
import type { ProcessTable } from './process/process-table.js';
import type { RatingLimit } from './rating-limit.js';
import type { Ratings } from './ratings.js';
import type { Recovery } from './recovery.js';
import type { Exposition } from './telemetry/exposition.js';
import type { Spans } from './telemetry/spans.js';
import type { Sections } from './watch/sections.js';
import type { Watchers } from './watch/watchers.js';

const part = <T>(name: string) => Symbol(name) as ServiceIdentifier<T>;

/**
 * The parts that an embedder may bind again, in a `ContainerModule` that `bootKernel` loads after its own:
 * `rebind` replaces a part, `bind(PART.door)` adds a door.
 */
export const PART = {
  config: part<KernelConfig>('config'),
  env: part<Readonly<Record<string, string | undefined>>>('env'),
  log: part<Logger>('log'),
  clock: part<Clock>('clock'),
  /** Real milliseconds, to measure the policy. */
  stopwatch: part<() => number>('stopwatch'),
  /** Numbers from 0 up to 1, for the jitter of retries. */
  random: part<() => number>('random'),
  /** Id of the syscall that was accepted as the `seq`-th. */
  nextId: part<(seq: number) => SyscallId>('nextId'),
  policy: part<SchedulerPolicy>('policy'),
  /** One binding a kind; the last one of a name is taken. */
  coreKind: part<CoreKind>('coreKind'),
  /** In the order that fifo tries them. @default made of the config, once all modules are loaded */
  cores: part<readonly LLMCore[]>('cores'),
  capacity: part<Capacity>('capacity'),
  journal: part<Journal>('journal'),
  /** One binding a door. */
  door: part<Door>('door'),
  events: part<KernelEvents>('events'),
  /** How many tokens share the kernel. @default those of the config */
  tokens: part<() => number>('tokens'),
} as const;

/** Parts that only the kernel itself is made of. */
export const OWN = {
  settings: part<Settings>('settings'),
  node: part<ClusterNode | undefined>('node'),
  /** Open connections, of all nodes. */
  connections: part<{ readonly connections: number }>('connections'),
  /** Whether calls can be served, by whatever node. */
  readiness: part<{ unready(): readonly string[] }>('readiness'),
  views: part<ViewDoorDeps['watchers']>('views'),
  limits: part<() => Settings['limits']>('limits'),
  auth: part<Authenticator>('auth'),
  policy: part<PolicyGuard>('policyGuard'),
  metrics: part<Metrics>('metrics'),
  starts: part<StartRate>('starts'),
  processes: part<ProcessTable>('processes'),
  held: part<Held>('held'),
  cores: part<CoreTable>('coreTable'),
  table: part<CallTable>('callTable'),
  keyed: part<KeyedCalls>('keyedCalls'),
  finished: part<FinishedCalls>('finishedCalls'),
  ratingLimit: part<RatingLimit>('ratingLimit'),
  ratings: part<Ratings>('ratings'),
  recovery: part<Recovery>('recovery'),
  runner: part<Runner>('runner'),
  loop: part<SchedulerLoop>('loop'),
  learnt: part<LearntKeeper>('learnt'),
  admission: part<Admission>('admission'),
  kernel: part<Kernel>('kernel'),
  gate: part<KernelGate>('gate'),
  listener: part<HttpListener>('listener'),
  inProcess: part<InProcessDoor>('inProcess'),
  http: part<HttpDoor>('http'),
  turns: part<WorkTurns>('turns'),
  rates: part<RequestRates>('rates'),
  unfinished: part<Unfinished>('unfinished'),
  exposition: part<Exposition>('exposition'),
  spans: part<Spans>('spans'),
  sections: part<Sections>('sections'),
  watchers: part<Watchers>('watchers'),
};

/** Binds a part to a class whose constructor takes its dependencies by name. */
export function wirer(bind: Bind) {
  return <Part, Deps extends object>(
    part: ServiceIdentifier<Part>,
    Class: new (deps: Deps) => Part,
    ids: { readonly [Name in keyof Deps]-?: ServiceIdentifier<Required<Deps>[Name]> },
  ): void => {
    const names = Object.keys(ids) as (keyof Deps)[];
    bind(part).toResolvedValue(
      (...values: unknown[]) => new Class(Object.fromEntries(names.map((name, at) => [name, values[at]])) as Deps),
      names.map((name) => ids[name]),
    );
  };
}
