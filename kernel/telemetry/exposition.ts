import { createRequire } from 'node:module';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { JournalFigures } from '../../syscalls/watch.js';
import type { KernelConfig } from '../config/config.js';
import type { KernelEvents } from '../events.js';
import type { Kernel } from '../kernel.js';
import { CallMetrics } from './call-metrics.js';
import { kernelGauges, type Readings } from './kernel-gauges.js';
import { modelsOf } from './models.js';

export interface ExpositionDeps {
  readonly config: Pick<KernelConfig, 'cores'>;
  readonly events: KernelEvents;
  readonly kernel: Pick<Kernel, 'stats' | 'cores'>;
  readonly listener: { readonly connections: number };
  readonly journal: { figures?(): JournalFigures };
}

/** Of the process, made with the first scrape: its observers cannot be taken away again. */
let processRegistry: Registry | undefined;

/** All metrics of one kernel in Prometheus' text format. */
export class Exposition {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #deps: ExpositionDeps;
  readonly #registry = new Registry();
  #setGauges: ((readings: Readings) => void) | undefined;

  constructor(deps: ExpositionDeps) {
    this.#deps = deps;
  }

  /** Starts to count. */
  start(): void {
    const { config, events, kernel, journal } = this.#deps;
    const { policy } = kernel.stats();
    const calls = new CallMetrics(modelsOf(config), policy);
    for (const metric of calls.metrics) this.#registry.registerMetric(metric);
    this.#setGauges = kernelGauges(this.#registry, journal.figures !== undefined);
    const info = new Gauge({
      name: 'eccos_build_info',
      help: '1; its labels say what runs.',
      labelNames: ['version', 'node', 'policy'],
      registers: [this.#registry],
    });
    info.set({ version: packageVersion(), node: process.version, policy }, 1);
    calls.listen(events);
  }

  async text(): Promise<string> {
    const { kernel, listener, journal } = this.#deps;
    const { connections } = listener;
    this.#setGauges?.({ stats: kernel.stats(), cores: kernel.cores(), connections, journal: journal.figures?.() });
    processRegistry ??= defaultMetrics();
    return `${await this.#registry.metrics()}\n${await processRegistry.metrics()}`;
  }
}

function defaultMetrics(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register;
}

function packageVersion(): string {
  return (createRequire(import.meta.url)('eccos-kernel/package.json') as { version: string }).version;
}
