import type { Gate } from '../../gate.js';
import type { Door, Listener } from '../door.js';
import type { HttpDoor, JsonRequest } from '../http/http-door.js';
import { openaiErrors } from '../openai/openai-error.js';
import { queryDialect } from './query-dialect.js';

/** The HTTP API of AIOS, so that agents of its SDK run here: set `CEREBRUM_KERNEL_URL` to this kernel. */
export class AiosDoor implements Door {
  readonly name = 'aios';
  readonly #http: HttpDoor;

  constructor({ http }: { readonly http: HttpDoor }) {
    this.#http = http;
  }

  open(_gate: Gate, listener: Listener): void {
    const http = this.#http;
    listener.serve('POST', '/query', http.chat(queryDialect));
    listener.serve('GET', '/core/llms/list', http.json(openaiErrors, listCores));
    listener.serve(
      'GET',
      '/status',
      http.json(openaiErrors, () => ok({ status: 'ok', message: 'The kernel serves' })),
    );
    listener.serve(
      'GET',
      '/core/status',
      http.json(openaiErrors, () => ok(PARTS)),
    );
  }
}

/** The parts that AIOS has, and which of them are here. */
const PARTS = { llms: 'active', scheduler: 'active', storage: 'inactive', memory: 'inactive', tool: 'inactive' };

function listCores({ agent }: JsonRequest) {
  const llms = [...agent.cores].map((name) => ({ name, provider: 'eccos', backend: 'eccos' }));
  return ok({ status: 'success', llms });
}

function ok(body: object) {
  return { status: 200, body };
}
