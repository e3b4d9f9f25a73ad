import { Container, ContainerModule } from 'inversify';
import { LazyPredictor } from '../schedulers/eccos/predictor/lazy-predictor.js';
import { createPolicy } from '../schedulers/registry.js';
import { Admission } from './call/admission.js';
import { CallTable } from './call/call-table.js';
import { FinishedCalls } from './call/finished-calls.js';
import { type Journal, nullJournal } from './call/journal.js';
import { KeyedCalls } from './call/keyed-calls.js';
import { StartRate } from './call/start-rate.js';
import { CoreTable } from './capacity/core-table.js';
import { LocalCapacity } from './capacity/local.js';
import { realClock, stopwatch } from './clock.js';
import { ClusterNode } from './cluster/node.js';
import { RedisJournal } from './cluster/redis-journal.js';
import { coreHash } from './cluster/registry.js';
import type { KernelConfig } from './config/config.js';
import { CORE_KINDS } from './cores/kinds/registry.js';
import { SchedulerLoop } from './dispatch/loop.js';
import { Runner } from './dispatch/runner.js';
import { doors } from './door-modules.js';
import type { Door } from './doors/door.js';
import type { InProcessDoor } from './doors/in-process.js';
import type { HttpListener } from './doors/listener.js';
import { KernelEvents } from './events.js';
import { KernelGate } from './gate.js';
import { SqliteJournal } from './journal/sqlite-journal.js';
import { Kernel } from './kernel.js';
import { LearntKeeper } from './learnt-keeper.js';
import type { Logger } from './log.js';
import { Metrics } from './metrics.js';
import { OWN, PART, wirer } from './parts.js';
import { PolicyGuard } from './policy-guard.js';
import { Authenticator } from './process/auth.js';
import { Held } from './process/held.js';
import { ProcessTable } from './process/process-table.js';
import { bootId, nodeName, systemRandom } from './random.js';
import { RatingLimit } from './rating-limit.js';
import { Ratings } from './ratings.js';
import { Recovery } from './recovery.js';
import { Spans } from './telemetry/spans.js';
import { Sections } from './watch/sections.js';
import { Watchers } from './watch/watchers.js';

export { ContainerModule } from 'inversify';
export { PART } from './parts.js';

export interface Given {
  readonly config: KernelConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

/** A kernel with all of its doors. */
export interface Composed {
  readonly kernel: Kernel;
  readonly auth: Authenticator;
  readonly gate: KernelGate;
  readonly watchers: Watchers;
  readonly spans: Spans;
  readonly doors: readonly Door[];
  readonly listener: HttpListener;
  readonly inProcess: InProcessDoor;
}

/** This process as a node of a cluster whose work is spread; undefined: it is none. */
export function nodeOf(container: Container): ClusterNode | undefined {
  return container.get(OWN.node);
}

/** All parts but the cores. @param modules loaded after the kernel's own */
export function kernelContainer(given: Given, modules: readonly ContainerModule[]): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(outside(given), core, doors, ...modules);
  return container;
}

/** With `doors` the composition root: no other place knows which part is made of which. Needs `PART.cores` bound. */
export function compose(container: Container): Composed {
  return {
    kernel: container.get(OWN.kernel),
    auth: container.get(OWN.auth),
    gate: container.get(OWN.gate),
    watchers: container.get(OWN.watchers),
    spans: container.get(OWN.spans),
    doors: container.getAll(PART.door),
    listener: container.get(OWN.listener),
    inProcess: container.get(OWN.inProcess),
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
      ({ journal, cluster }, env, clock, log, node): Journal => {
        if (cluster === undefined) return journal === undefined ? nullJournal : new SqliteJournal(journal, clock, log);
        return new RedisJournal({ options: cluster, node: node?.name ?? nodeName(), env, clock, log, spread: node });
      },
      [PART.config, PART.env, PART.clock, PART.log, OWN.node],
    );
    bind(OWN.node).toResolvedValue(
      ({ cluster: options, cores: configs }, env, clock, log, listener, limits) => {
        if (options?.spread !== true) return undefined;
        const connections = () => listener.connections;
        const most = () => limits().pendingTotal;
        const cores = configs.map((core) => [core.id, coreHash(core)] as const);
        return new ClusterNode({ options, name: nodeName(), env, clock, log, cores, connections, most });
      },
      [PART.config, PART.env, PART.clock, PART.log, OWN.listener, OWN.limits],
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
  const { limits, policy, metrics, starts, processes, cores, table, runner, loop, admission, settings } = OWN;
  bind(settings).toResolvedValue(({ limits }) => ({ limits }), [config]);
  bind(limits).toResolvedValue((settings) => () => settings.limits, [settings]);
  bind(OWN.auth).toResolvedValue(({ auth }, env) => new Authenticator(auth, env), [config, env]);
  bind(metrics).toResolvedValue(() => new Metrics());
  bind(starts).toResolvedValue(() => new StartRate());
  bind(OWN.held).toResolvedValue((limits) => new Held(() => limits().pendingBytes), [limits]);
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
  wire(table, CallTable, {
    clock,
    policy,
    processes,
    held: OWN.held,
    journal,
    metrics,
    events,
    log,
    finished: OWN.finished,
  });
  bind(OWN.finished).toResolvedValue(
    (limits) =>
      new FinishedCalls(() => {
        const { finishedCalls, pendingBytes } = limits();
        return { size: pendingBytes, ...finishedCalls };
      }),
    [limits],
  );
  bind(OWN.ratingLimit).toResolvedValue((limits) => new RatingLimit(() => limits().ratingsPerSecond), [limits]);
  wire(OWN.ratings, Ratings, { clock, finished: OWN.finished, limit: OWN.ratingLimit, journal, policy, events });
  wire(OWN.recovery, Recovery, {
    ...{ clock, journal, processes, capacity, cores, admission, keyed: OWN.keyed, loop },
  });
  bind(OWN.keyed).toResolvedValue(
    (clock, journal, held, table, limits) =>
      new KeyedCalls({
        clock,
        journal,
        held,
        abandon: (call, error) => table.cancel(call, error),
        orphanMs: () => limits().orphanMs,
      }),
    [clock, journal, OWN.held, table, limits],
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
    tracing: OWN.spans,
    events,
    log,
    limits,
  });
  wire(loop, SchedulerLoop, { clock, stopwatch, policy, cores, capacity, runner, table, metrics, events });
  bind(PART.tokens).toResolvedValue((auth) => () => auth.names, [OWN.auth]);
  wire(admission, Admission, {
    ...{ clock, nextId, table, held: OWN.held, cores, capacity, metrics, starts, events },
    ...{ tokens: PART.tokens, limits },
  });
  wire(OWN.learnt, LearntKeeper, { journal, policy, clock, events, log });
  wire(OWN.kernel, Kernel, {
    clock,
    policy,
    events,
    metrics,
    processes,
    journal,
    table,
    keyed: OWN.keyed,
    cores,
    capacity,
    admission,
    ratings: OWN.ratings,
    recovery: OWN.recovery,
    loop,
    learnt: OWN.learnt,
    settings,
  });
  bind(OWN.connections).toResolvedValue((listener, node) => node ?? listener, [OWN.listener, OWN.node]);
  wire(OWN.sections, Sections, {
    ...{ clock, kernel: OWN.kernel, processes, table, policy, events, listener: OWN.connections, journal },
  });
  wire(OWN.spans, Spans, { config, clock, events, policy });
  wire(OWN.watchers, Watchers, { clock, processes, sections: OWN.sections });
  bind(OWN.gate).toResolvedValue((kernel, watchers) => new KernelGate(kernel, watchers), [OWN.kernel, OWN.watchers]);
});
