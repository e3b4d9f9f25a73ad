import type { ServerResponse } from 'node:http';
import type { Gate } from '../../gate.js';
import type { Door, Listener } from '../door.js';

export interface HealthDoorDeps {
  readonly kernel: {
    /** Why no call could be served now; empty: one could. */
    unready(): readonly string[];
  };
}

/**
 * `GET /healthz`: 200 while the process serves at all. `GET /readyz`: 200 while a call could be served, else 503 with the
 * reasons. Both need no token, and say nothing of single cores.
 */
export class HealthDoor implements Door {
  readonly name = 'health';
  readonly #deps: HealthDoorDeps;

  constructor(deps: HealthDoorDeps) {
    this.#deps = deps;
  }

  open(_gate: Gate, listener: Listener): void {
    const { kernel } = this.#deps;
    listener.serve('GET', '/healthz', { access: 'open', handle: (_request, response) => answer(response, []) });
    listener.serve('GET', '/readyz', {
      access: 'open',
      handle: (_request, response) => answer(response, kernel.unready()),
    });
  }
}

function answer(response: ServerResponse, reasons: readonly string[]): void {
  const isWell = reasons.length === 0;
  const body = { status: isWell ? 'ok' : 'unavailable', reasons };
  response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
