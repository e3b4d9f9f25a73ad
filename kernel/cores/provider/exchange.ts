import type { Clock } from '../../clock.js';
import { isObject, type Json } from '../../json.js';
import { errorText } from './faults/error-text.js';
import { faultOfResponse } from './faults/fault.js';
import type { Send } from './transport/http-response.js';
import type { Dialect } from './wire/answer-facts.js';
import { orderedEvents } from './wire/event-stream.js';

type Fetch = typeof fetch;

interface ExchangeDeps {
  /** Reads the answer. */
  readonly dialect: Dialect;
  readonly transport: Send;
  /** Makes the body that is sent from the one that the SDK wrote. */
  readonly edit: (body: Json) => object;
  readonly clock: Clock;
  /** Something has come. */
  readonly onEvent: () => void;
}

/** One request to a provider and its answer, between the SDK and the transport: what goes out and comes in is put in order here. */
export class Exchange {
  readonly #deps: ExchangeDeps;
  #wasSent = false;

  constructor(deps: ExchangeDeps) {
    this.#deps = deps;
  }

  /** Whether the request has left. */
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** What the SDK has in the place of `fetch`. @throws CoreError for a response that is no success */
  readonly send: Fetch = async (input, init = {}) => {
    const { dialect, transport, edit, clock, onEvent } = this.#deps;
    const body: unknown = JSON.parse(String(init.body));
    const edited = isObject(body) ? JSON.stringify(edit(body)) : String(init.body);
    this.#wasSent = true;
    const response = await transport(input, { ...init, body: edited });
    const { status, headers } = response;
    if (!response.ok || response.body === null) {
      throw faultOfResponse(status, headers, await errorText(response), clock.now());
    }
    const reported = Number(headers.get('x-litellm-response-cost') ?? Number.NaN);
    if (Number.isFinite(reported)) dialect.facts.providerCostUsd = reported;
    const type = { 'content-type': 'text/event-stream' };
    return new Response(orderedEvents(response.body, dialect, clock, onEvent), { status: 200, headers: type });
  };
}
