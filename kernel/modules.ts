import { type Bind, Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import { LazyPredictor } from '../schedulers/eccos/predictor/lazy-predictor.js';
import type { SchedulerPolicy } from '../schedulers/policy.js';
import { createPolicy } from '../schedulers/registry.js';
import type { SyscallId } from '../syscalls/syscall.js';
import { Admission } from './call/admission.js';
import { CallTable } from './call/call-table.js';
import { type Journal, nullJournal } from './call/journal.js';
import { KeyedCalls } from './call/keyed-calls.js';
import { StartRate } from './call/start-rate.js';
import type { Capacity } from './capacity/capacity.js';
import { CoreTable } from './capacity/core-table.js';
import { LocalCapacity } from './capacity/local.js';
import { type Clock, realClock, stopwatch } from './clock.js';
import { RedisJournal } from './cluster/redis-journal.js';
import type { KernelConfig } from './config/config.js';
import type { LLMCore } from './cores/core.js';
import { CORE_KINDS, type CoreKind } from './cores/kinds/registry.js';
import { SchedulerLoop } from './dispatch/loop.js';
import { Runner } from './dispatch/runner.js';
import { AiosDoor } from './doors/aios/aios-door.js';
import { AnthropicDoor } from './doors/anthropic/anthropic-door.js';
import type { Door } from './doors/door.js';
import { FeedbackDoor } from './doors/feedback/feedback-door.js';
import { HealthDoor } from './doors/health/health-door.js';
import { HttpDoor } from './doors/http/http-door.js';
import { InProcessDoor } from './doors/in-process.js';
import { HttpListener } from './doors/listener.js';
import { MetricsDoor } from './doors/metrics/metrics-door.js';
import { OpenAIDoor } from './doors/openai/openai-door.js';
import { RequestRates } from './doors/request-rates.js';
import { UiDoor } from './doors/ui/ui-door.js';
import { ViewDoor } from './doors/ui/view-door.js';
import { Unfinished } from './doors/unfinished.js';
import { WorkTurns } from './doors/work-turns.js';
import { WsDoor } from './doors/ws/ws-door.js';
import { KernelEvents } from './events.js';
import { type Gate, KernelGate } from './gate.js';
import { SqliteJournal } from './journal/sqlite-journal.js';
import { Kernel, type Settings } from './kernel.js';
import { LearntKeeper } from './learnt-keeper.js';
import type { Logger } from './log.js';
import { Metrics } from './metrics.js';
import { PolicyGuard } from './policy-guard.js';
import { Authenticator } from './process/auth.js';
import { Held } from './process/held.js';
import { ProcessTable } from './process/process-table.js';
import { bootId, nodeName, systemRandom } from './random.js';
import { RatingLimit } from './rating-limit.js';
import { Exposition } from './telemetry/exposition.js';
import { Spans } from './telemetry/spans.js';
import { Sections } from './watch/sections.js';
import { Watchers } from './watch/watchers.js';

export { ContainerModule } from 'inversify';

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
const id = {
  settings: part<Settings>('settings'),
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
  ratings: part<RatingLimit>('ratings'),
  runner: part<Runner>('runner'),
  loop: part<SchedulerLoop>('loop'),
  learnt: part<LearntKeeper>('learnt'),
  admission: part<Admission>('admission'),
  kernel: part<Kernel>('kernel'),
  gate: part<Gate>('gate'),
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

export interface Given {
  readonly config: KernelConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/** A kernel with all of its doors. */
export interface Composed {
  readonly kernel: Kernel;
  readonly auth: Authenticator;
  readonly gate: Gate;
  readonly watchers: Watchers;
  readonly spans: Spans;
  readonly doors: readonly Door[];
  readonly listener: HttpListener;
  readonly inProcess: InProcessDoor;
}

/** All parts but the cores. @param modules loaded after the kernel's own */
export function kernelContainer(given: Given, modules: readonly ContainerModule[]): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(outside(given), core, doors, ...modules);
  return container;
}

/** The composition root: the only place that knows which part is made of which. Needs `PART.cores` bound. */
export function compose(container: Container): Composed {
  return {
    kernel: container.get(id.kernel),
    auth: container.get(id.auth),
    gate: container.get(id.gate),
    watchers: container.get(id.watchers),
    spans: container.get(id.spans),
    doors: container.getAll(PART.door),
    listener: container.get(id.listener),
    inProcess: container.get(id.inProcess),
  };
}

/** Everything that the kernel takes from outside: time, chance, identity, and what the config has turned into. */
function outside({ config, env, log }: Given): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(PART.config).toConstantValue(config);
    bind(PART.env).toConstantValue(env);
    bind(PART.log).toConstantValue(log);
    bind(PART.clock).toConstantValue(realClock);
    bind(PART.stopwatch).toConstantValue(stopwatch);
    bind(PART.random).toConstantValue(systemRandom);
    bind(PART.nextId).toResolvedValue(() => {
      const boot = bootId();
      return (seq) => `${boot}-${seq}`;
    });
    // A policy has no logger: what its predictor has to say to the operator is the kernel's to write.
    bind(PART.policy).toResolvedValue(
      ({ policy }, log) =>
        createPolicy(policy, { predictor: (folders) => new LazyPredictor(folders, (message) => log.warn(message)) }),
      [PART.config, PART.log],
    );
    for (const kind of CORE_KINDS) bind(PART.coreKind).toConstantValue(kind);
    bind(PART.capacity).toResolvedValue(
      (clock, cores, { limits }) =>
        new LocalCapacity(
          clock,
          cores.map(({ info }) => info),
          () => limits.ghostMs,
        ),
      [PART.clock, PART.cores, PART.config],
    );
    bind(PART.journal).toResolvedValue(
      ({ journal, cluster }, env, clock, log): Journal => {
        if (cluster !== undefined) return new RedisJournal({ options: cluster, node: nodeName(), env, clock, log });
        return journal === undefined ? nullJournal : new SqliteJournal(journal, clock, log);
      },
      [PART.config, PART.env, PART.clock, PART.log],
    );
    bind(PART.events).toResolvedValue(
      (log) => new KernelEvents((err, event) => log.error({ err, event }, 'a listener threw; not logged again')),
      [PART.log],
    );
  });
}

const core = new ContainerModule(({ bind }) => {
  const wire = wirer(bind);
  const { config, env, log, clock, stopwatch, random, nextId, capacity, journal, events } = PART;
  const { limits, policy, metrics, starts, processes, cores, table, runner, loop, admission, settings } = id;
  bind(settings).toResolvedValue(({ limits }) => ({ limits }), [config]);
  bind(limits).toResolvedValue((settings) => () => settings.limits, [settings]);
  bind(id.auth).toResolvedValue(({ auth }, env) => new Authenticator(auth, env), [config, env]);
  bind(metrics).toResolvedValue(() => new Metrics());
  bind(starts).toResolvedValue(() => new StartRate());
  bind(id.held).toResolvedValue((limits) => new Held(() => limits().pendingBytes), [limits]);
  bind(processes).toResolvedValue(
    (limits, tokens) =>
      new ProcessTable(
        () => limits().maxAgents,
        tokens,
        () => limits().orphanMs,
      ),
    [limits, PART.tokens],
  );
  wire(policy, PolicyGuard, { policy: PART.policy, metrics, events, log });
  wire(cores, CoreTable, { cores: PART.cores, clock, capacity });
  wire(table, CallTable, { clock, policy, processes, held: id.held, journal, metrics, events, log, limits });
  bind(id.ratings).toResolvedValue((limits) => new RatingLimit(() => limits().ratingsPerSecond), [limits]);
  bind(id.keyed).toResolvedValue(
    (clock, journal, held, table, limits) =>
      new KeyedCalls({
        clock,
        journal,
        held,
        abandon: (call, error) => table.cancel(call, error),
        orphanMs: () => limits().orphanMs,
      }),
    [clock, journal, id.held, table, limits],
  );
  wire(runner, Runner, {
    clock,
    random,
    policy,
    capacity,
    cores,
    table,
    journal,
    metrics,
    starts,
    tracing: id.spans,
    events,
    log,
    limits,
  });
  wire(loop, SchedulerLoop, { clock, stopwatch, policy, cores, capacity, runner, table, metrics, events });
  bind(PART.tokens).toResolvedValue((auth) => () => auth.names, [id.auth]);
  wire(admission, Admission, {
    ...{ clock, nextId, table, held: id.held, cores, capacity, metrics, starts, events },
    ...{ tokens: PART.tokens, limits },
  });
  wire(id.learnt, LearntKeeper, { journal, policy, clock, events, log });
  wire(id.kernel, Kernel, {
    clock,
    policy,
    events,
    metrics,
    processes,
    journal,
    table,
    keyed: id.keyed,
    cores,
    capacity,
    admission,
    ratings: id.ratings,
    loop,
    learnt: id.learnt,
    settings,
  });
  wire(id.sections, Sections, {
    ...{ clock, kernel: id.kernel, processes, table, policy, events, listener: id.listener, journal },
  });
  wire(id.spans, Spans, { config, clock, events, policy });
  wire(id.watchers, Watchers, { clock, processes, sections: id.sections });
  bind(id.gate).toResolvedValue((kernel, watchers) => new KernelGate(kernel, watchers), [id.kernel, id.watchers]);
});

const doors = new ContainerModule(({ bind }) => {
  const wire = wirer(bind);
  const { config, log, clock, events, door } = PART;
  const { auth, limits, kernel, listener, exposition, turns, rates, held, unfinished } = id;
  bind(turns).toResolvedValue((clock) => new WorkTurns(clock), [clock]);
  bind(rates).toResolvedValue((clock, limits) => new RequestRates(clock, limits), [clock, limits]);
  bind(unfinished).toResolvedValue((limits) => new Unfinished(() => limits().pendingBytes / 2), [limits]);
  wire(listener, HttpListener, { config, auth, log, limits });
  wire(exposition, Exposition, { config, events, kernel, listener, journal: PART.journal });
  bind(id.inProcess).toResolvedValue(() => new InProcessDoor());
  bind(door).toService(id.inProcess);
  wire(door, WsDoor, { clock, log, limits, turns, rates, held, unfinished });
  bind(id.http).toResolvedValue(
    (clock, log, limits, turns, rates, held, unfinished) =>
      new HttpDoor({
        ...{ clock, log, limits, turns, rates, held, unfinished },
        requestId: numbered(`req_${bootId()}`),
      }),
    [clock, log, limits, turns, rates, held, unfinished],
  );
  bind(door).toService(id.http);
  wire(door, OpenAIDoor, { http: id.http, clock });
  for (const Api of [AnthropicDoor, AiosDoor, FeedbackDoor]) wire(door, Api, { http: id.http });
  wire(door, HealthDoor, { kernel });
  wire(door, MetricsDoor, { config, log, exposition });
  wire(door, ViewDoor, { watchers: id.watchers });
  bind(door).toResolvedValue(() => new UiDoor());
});

function numbered(name: string): () => string {
  let last = 0;
  return () => `${name}${++last}`;
}

/** Binds a part to a class whose constructor takes its dependencies by name. */
function wirer(bind: Bind) {
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
