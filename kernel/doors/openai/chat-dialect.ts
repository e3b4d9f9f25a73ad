import type { Dialect } from '../http/dialect.js';
import { comment } from '../http/server-events.js';
import { chatCompletion } from './chat-answer.js';
import { ChatEvents } from './chat-events.js';
import { readChat } from './chat-request.js';
import { openaiErrors } from './openai-error.js';

/** OpenAI's chat completions. */
export const chatDialect: Dialect = {
  ...openaiErrors,
  read: readChat,
  reply: (reply) => ({ status: 200, body: chatCompletion(reply) }),
  events: (body) => new ChatEvents(body),
  beat: comment('waiting'),
};
