import { show } from '../../../syscalls/protocol.js';
import type { Gate } from '../../gate.js';
import type { Door, Listener } from '../door.js';
import type { HttpDoor, JsonRequest } from '../http/http-door.js';
import { wrong } from '../http/request-fault.js';
import { openaiErrors } from '../openai/openai-error.js';

/** What the APIs put before the id of a syscall. */
const PREFIX = /^(chatcmpl-|resp_|msg_)/;

/** `POST /v1/eccos/feedback` `{id, quality, by?}`: how good an answer was, by the id that its API gave it. */
export class FeedbackDoor implements Door {
  readonly name = 'feedback';
  readonly #http: HttpDoor;

  constructor({ http }: { readonly http: HttpDoor }) {
    this.#http = http;
  }

  open(_gate: Gate, listener: Listener): void {
    listener.serve('POST', '/v1/eccos/feedback', this.#http.json(openaiErrors, rate));
  }
}

async function rate({ gate, agent, body }: JsonRequest) {
  const { id, quality, by } = await body();
  if (typeof id !== 'string') throw wrong('id', 'the id of an answer', show(id));
  const params = { syscallId: id.replace(PREFIX, ''), quality, ...(by === undefined ? {} : { by }) };
  return { status: 200, body: await gate.call(agent.caller, 'syscall.feedback', params) };
}
