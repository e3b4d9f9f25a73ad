import { show } from '../../../syscalls/protocol.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { Gate } from '../../gate.js';
import type { Door, Listener } from '../door.js';
import type { HttpDoor, JsonRequest } from '../http/http-door.js';
import { RequestFault } from '../http/request-fault.js';
import { seconds } from './chat-answer.js';
import { chatDialect } from './chat-dialect.js';
import { openaiErrors } from './openai-error.js';
import { responsesDialect } from './responses-dialect.js';

const MODELS = '/v1/models';

/** OpenAI's API: chat completions, responses and models. */
export class OpenAIDoor implements Door {
  readonly name = 'openai';
  readonly #http: HttpDoor;
  readonly #openedAt: Millis;

  constructor({ http, clock }: { readonly http: HttpDoor; readonly clock: Clock }) {
    this.#http = http;
    this.#openedAt = clock.now();
  }

  open(_gate: Gate, listener: Listener): void {
    const http = this.#http;
    listener.serve('POST', '/v1/chat/completions', http.chat(chatDialect));
    listener.serve('POST', '/v1/responses', http.chat(responsesDialect));
    listener.serve(
      'GET',
      MODELS,
      http.json(openaiErrors, (request) => this.#models(request)),
    );
    listener.serve(
      'GET',
      `${MODELS}/`,
      http.json(openaiErrors, (request) => this.#model(request)),
    );
    for (const method of ['GET', 'POST']) listener.serve(method, '/v1/', http.json(openaiErrors, noSuchPath));
  }

  #models({ agent }: JsonRequest) {
    const data = ['auto', ...agent.cores].map((id) => this.#describe(id));
    return { status: 200, body: { object: 'list', data } };
  }

  #model({ agent, path }: JsonRequest) {
    const id = path.slice(MODELS.length + 1);
    if (id === 'auto' || agent.cores.has(id)) return { status: 200, body: this.#describe(id) };
    throw new RequestFault(`model: Expected auto or the name of a core, got ${show(id)}`, {
      code: 'not-found',
      param: 'model',
      word: 'model_not_found',
    });
  }

  #describe(id: string): object {
    return { id, object: 'model', created: seconds(this.#openedAt), owned_by: 'eccos' };
  }
}

function noSuchPath({ path }: JsonRequest): never {
  throw new RequestFault(`path: Expected a path of this API, got ${show(path)}`, { code: 'not-found', param: 'path' });
}
