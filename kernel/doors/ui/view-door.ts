import type { ServerResponse } from 'node:http';
import type { Gate } from '../../gate.js';
import type { Principal } from '../../process/principal.js';
import type { Door, Listener } from '../door.js';

export interface ViewDoorDeps {
  readonly watchers: {
    /** All that a principal may see, as JSON. */
    snapshot(scope: Principal): string | Promise<string>;
  };
}

/** `GET /v1/eccos/view`: a full view, for those who would rather poll than watch. HEAD says whether a token is good. */
export class ViewDoor implements Door {
  readonly name = 'view';
  readonly #deps: ViewDoorDeps;

  constructor(deps: ViewDoorDeps) {
    this.#deps = deps;
  }

  open(_gate: Gate, listener: Listener): void {
    const { watchers } = this.#deps;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    for (const method of ['GET', 'HEAD'] as const) {
      listener.serve(method, '/v1/eccos/view', {
        handle(_request, response, principal) {
          const { methods } = principal ?? {};
          if (principal === undefined || (methods !== undefined && !methods.includes('kernel.watch'))) {
            response.writeHead(403).end();
          } else if (method === 'HEAD') response.writeHead(200, headers).end();
          else void answer(response, headers, () => watchers.snapshot(principal));
        },
      });
    }
  }
}

async function answer(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  view: () => string | Promise<string>,
): Promise<void> {
  try {
    const json = await view();
    response.writeHead(200, headers).end(json);
  } catch {
    // No node of the cluster can say.
    response.writeHead(503).end();
  }
}
