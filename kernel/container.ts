import { Container, type ServiceIdentifier } from 'inversify';
import { LazyPredictor } from '../schedulers/eccos/predictor/lazy-predictor.js';
import type { SchedulerPolicy } from '../schedulers/policy.js';
import { createPolicy, type PolicyServices } from '../schedulers/registry.js';
import type { SyscallId } from '../syscalls/syscall.js';
import { Admission } from './call/admission.js';
import { SyscallTable } from './call/call-table.js';
import type { Clock } from './clock.js';
import type { KernelConfig } from './config/config.js';
import type { LLMCore } from './cores/core.js';
import { SchedulerLoop } from './dispatch/loop.js';
import { PolicyGuard } from './dispatch/policy-guard.js';
import { Runner } from './dispatch/runner.js';
import { KernelEvents } from './events.js';
import { Kernel, type KernelParts, type Settings } from './kernel.js';
import type { Logger } from './log.js';
import { Metrics } from './metrics.js';
import { ProcessTable } from './process/process-table.js';

/** Everything that the kernel takes from outside: time, chance, identity, and what the config has turned into. */
export interface Outside {
  readonly clock: Clock;
  /** Real milliseconds, to measure the policy. */
  readonly stopwatch: () => number;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** Id of the syscall that was accepted as the `seq`-th. */
  readonly nextId: (seq: number) => SyscallId;
  readonly log: Logger;
  readonly cores: readonly LLMCore[];
  /** A policy of one's own, in place of the one that the config names. */
  readonly policy?: SchedulerPolicy | undefined;
}

const id = {
  outside: Symbol('Outside') as ServiceIdentifier<Outside>,
  settings: Symbol('Settings') as ServiceIdentifier<Settings>,
  policyName: Symbol('PolicyName') as ServiceIdentifier<string>,
  policy: Symbol('PolicyGuard') as ServiceIdentifier<PolicyGuard>,
  events: Symbol('KernelEvents') as ServiceIdentifier<KernelEvents>,
  metrics: Symbol('Metrics') as ServiceIdentifier<Metrics>,
  processes: Symbol('ProcessTable') as ServiceIdentifier<ProcessTable>,
  table: Symbol('SyscallTable') as ServiceIdentifier<SyscallTable>,
  runner: Symbol('Runner') as ServiceIdentifier<Runner>,
  loop: Symbol('SchedulerLoop') as ServiceIdentifier<SchedulerLoop>,
  admission: Symbol('Admission') as ServiceIdentifier<Admission>,
  kernel: Symbol('Kernel') as ServiceIdentifier<Kernel>,
};

/** The composition root: the only place that knows which part is made of which. */
export function composeKernel(config: Pick<KernelConfig, 'policy' | 'limits'>, outside: Outside): Kernel {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(id.outside).toConstantValue(outside);
  container.bind(id.settings).toConstantValue({ limits: config.limits });
  container.bind(id.policyName).toConstantValue(config.policy);
  container
    .bind(id.policy)
    .toResolvedValue(
      ({ policy, log }, name, metrics, events) =>
        new PolicyGuard({ policy: policy ?? createPolicy(name, servicesOf(log)), metrics, events, log }),
      [id.outside, id.policyName, id.metrics, id.events],
    );
  container.bind(id.events).toResolvedValue(() => new KernelEvents());
  container.bind(id.metrics).toResolvedValue(() => new Metrics());
  container
    .bind(id.processes)
    .toResolvedValue((settings) => new ProcessTable(() => settings.limits.maxAgents), [id.settings]);
  container
    .bind(id.table)
    .toResolvedValue(
      ({ clock }, settings, policy, metrics, events) =>
        new SyscallTable({ clock, policy, metrics, events, limits: () => settings.limits }),
      [id.outside, id.settings, id.policy, id.metrics, id.events],
    );
  container
    .bind(id.runner)
    .toResolvedValue(
      ({ clock, random }, settings, policy, table, metrics, events) =>
        new Runner({ clock, random, policy, table, metrics, events, limits: () => settings.limits }),
      [id.outside, id.settings, id.policy, id.table, id.metrics, id.events],
    );
  container
    .bind(id.loop)
    .toResolvedValue(
      ({ clock, stopwatch, cores }, policy, runner, table, metrics, events) =>
        new SchedulerLoop({ clock, stopwatch, policy, cores, runner, table, metrics, events }),
      [id.outside, id.policy, id.runner, id.table, id.metrics, id.events],
    );
  container
    .bind(id.admission)
    .toResolvedValue(
      ({ clock, nextId }, settings, table, loop, metrics) =>
        new Admission({ clock, nextId, table, metrics, slots: loop.slots, limits: () => settings.limits }),
      [id.outside, id.settings, id.table, id.loop, id.metrics],
    );
  container.bind(id.kernel).toResolvedValue(
    ({ clock }, settings, policy, events, metrics, processes, table, admission, loop) =>
      new Kernel({
        clock,
        settings,
        policy,
        events,
        metrics,
        processes,
        table,
        admission,
        loop,
      } satisfies KernelParts),
    [id.outside, id.settings, id.policy, id.events, id.metrics, id.processes, id.table, id.admission, id.loop],
  );
  return container.get(id.kernel);
}

/** A policy has no logger: what its predictor has to say to the operator is the kernel's to write. */
function servicesOf(log: Logger): Pick<PolicyServices, 'predictor'> {
  return { predictor: (folders) => new LazyPredictor(folders, (message) => log.warn(message)) };
}
