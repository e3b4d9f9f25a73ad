import type { KernelConfig } from '../../config/config.js';
import type { Gate } from '../../gate.js';
import type { Logger } from '../../log.js';
import type { Door, Listener } from '../door.js';

export interface MetricsDoorDeps {
  readonly config: Pick<KernelConfig, 'telemetry'>;
  readonly log: Logger;
  readonly exposition: {
    readonly contentType: string;
    start(): void;
    text(): Promise<string>;
  };
}

/** `GET /metrics`: Prometheus' text format, for an operator unless the config says otherwise. */
export class MetricsDoor implements Door {
  readonly name = 'metrics';
  readonly #deps: MetricsDoorDeps;

  constructor(deps: MetricsDoorDeps) {
    this.#deps = deps;
  }

  open(_gate: Gate, listener: Listener): void {
    const { config, log, exposition } = this.#deps;
    const { metrics } = config.telemetry;
    if (metrics === 'off') return;
    exposition.start();
    listener.serve('GET', '/metrics', {
      ...(metrics === 'open' ? { access: 'open' } : {}),
      handle(_request, response, principal) {
        if (metrics !== 'open' && principal?.operator !== true) {
          response.writeHead(403).end();
          return;
        }
        exposition.text().then(
          (text) => response.writeHead(200, { 'content-type': exposition.contentType }).end(text),
          (error) => {
            log.error({ err: error }, 'the metrics could not be read');
            response.writeHead(500).end();
          },
        );
      },
    });
  }
}
