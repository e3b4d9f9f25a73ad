import type { ChatParams } from '../../../syscalls/llm-chat.js';
import type { Gate } from '../../gate.js';
import { decodeParams } from '../../gate.js';
import { inputTokensOf } from '../../tokens.js';
import type { Door, Listener } from '../door.js';
import type { Dialect } from '../http/dialect.js';
import type { HttpDoor, JsonRequest } from '../http/http-door.js';
import { serverEvent } from '../http/server-events.js';
import { messageOf } from './message-answer.js';
import { anthropicErrors } from './messages-error.js';
import { MessagesEvents } from './messages-events.js';
import { readMessages } from './messages-request.js';

/** Anthropic's messages. */
const messagesDialect: Dialect = {
  ...anthropicErrors,
  read: readMessages,
  reply: (reply) => ({ status: 200, body: messageOf(reply) }),
  events: () => new MessagesEvents(),
  beat: serverEvent({ type: 'ping' }, 'ping'),
};

/** Anthropic's API: messages, and how many tokens they are. */
export class AnthropicDoor implements Door {
  readonly name = 'anthropic';
  readonly #http: HttpDoor;

  constructor({ http }: { readonly http: HttpDoor }) {
    this.#http = http;
  }

  open(_gate: Gate, listener: Listener): void {
    listener.serve('POST', '/v1/messages', this.#http.chat(messagesDialect));
    listener.serve('POST', '/v1/messages/count_tokens', this.#http.json(anthropicErrors, countTokens));
  }
}

/** By the kernel's own tokenizer: an estimate for models that have another one. */
async function countTokens({ body }: JsonRequest) {
  const params: ChatParams = decodeParams('llm.chat', readMessages(await body()).params);
  return { status: 200, body: { input_tokens: inputTokensOf(params) } };
}
