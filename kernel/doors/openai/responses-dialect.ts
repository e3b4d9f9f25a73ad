import type { Dialect } from '../http/dialect.js';
import { comment } from '../http/server-events.js';
import { openaiErrors } from './openai-error.js';
import { endOf, outputOf, responseObject, responseUsage } from './response-object.js';
import { ResponsesEvents } from './responses-events.js';
import { readResponse } from './responses-request.js';

/** OpenAI's responses, of which none is stored. */
export const responsesDialect: Dialect = {
  ...openaiErrors,
  read: readResponse,
  reply(reply, body) {
    const label = { id: reply.syscallId, at: reply.times.ended, core: reply.core };
    const usage = responseUsage(reply);
    return { status: 200, body: responseObject(label, body, endOf(reply), outputOf(reply), { usage }) };
  },
  events: (body) => new ResponsesEvents(body),
  beat: comment('waiting'),
};
