import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SyscallError } from '../../../syscalls/errors.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Gate } from '../../gate.js';
import type { Json } from '../../json.js';
import type { Logger } from '../../log.js';
import type { Held } from '../../process/held.js';
import { LOCAL, type Principal } from '../../process/principal.js';
import type { Door, Listener, Route } from '../door.js';
import type { RequestRate, RequestRates } from '../request-rates.js';
import type { Unfinished } from '../unfinished.js';
import { Asker, type WorkTurns } from '../work-turns.js';
import { BodyReader, discardRest, tooLarge } from './body.js';
import { ChatExchange, headerText, internal } from './chat-exchange.js';
import { chooseCores } from './choose-cores.js';
import type { Answer, Dialect, ErrorForm } from './dialect.js';
import { type HttpAgent, HttpAgents } from './http-agents.js';
import { agentOf, intentOf, textIn, traceOf } from './intent.js';
import { mediaBytes } from './media-bytes.js';
import { Outflow } from './outflow.js';
import { retryHeaders } from './retry-headers.js';

export interface HttpDoorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
  readonly turns: WorkTurns;
  readonly rates: RequestRates;
  readonly held: Held;
  readonly unfinished: Unfinished;
  /** A new one for each request. */
  readonly requestId: () => string;
}

/** A request that a route answers with JSON. */
export interface JsonRequest {
  readonly headers: IncomingHttpHeaders;
  /** Decoded, without the query. */
  readonly path: string;
  readonly gate: Gate;
  readonly agent: HttpAgent;
  /** Read when it is asked for. @throws SyscallError as `BodyReader.read` */
  body(): Promise<Json>;
}

/** Measured: a small request, and the bytes of a large one that are decoded and checked in a millisecond. */
const REQUEST_MS = 0.2;
const BYTES_PER_MS = 50_000;

/** A connection whose next request is read when the last one was answered anyway. */
const NOT_READ = { pause: () => {}, resume: () => {} };

/** One connection. Its requests come one after the other. */
interface Line {
  /** Aborted when it closes. */
  readonly signal: AbortSignal;
  readonly asker: Asker;
}

/** One request while it is answered. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly principal: Principal;
  readonly outflow: Outflow;
  readonly requestId: string;
  readonly line: Line;
  /** Receives word that the reader has caught up. */
  onDrained: () => void;
  /** Characters that are held back until then. */
  behind: () => number;
}

/** The path that all APIs over HTTP share: tokens, rates, bodies, agents, calls and errors. An API adds a `Dialect`. */
export class HttpDoor implements Door {
  readonly name = 'http';
  readonly #deps: HttpDoorDeps;
  readonly #bodies: BodyReader;
  /** By the name of the token. */
  readonly #rates = new Map<string, RequestRate>();
  readonly #lines = new WeakMap<Socket, Line>();
  #open: { readonly gate: Gate; readonly listener: Listener; readonly agents: HttpAgents } | undefined;

  constructor(deps: HttpDoorDeps) {
    this.#deps = deps;
    this.#bodies = new BodyReader(deps.limits, deps.unfinished);
  }

  open(gate: Gate, listener: Listener): void {
    const { clock, limits } = this.#deps;
    this.#open = { gate, listener, agents: new HttpAgents({ gate, clock, limits }) };
  }

  reload(): void {
    this.#open?.agents.keep((principal) => this.#open?.listener.isValid(principal) === true);
  }

  async close(): Promise<void> {
    this.#open?.agents.close();
  }

  /** A route of calls to models. */
  chat(dialect: Dialect): Route {
    return this.#route(dialect, (exchange) => this.#chat(dialect, exchange));
  }

  /** A route that answers with what `answer` returns. */
  json(form: ErrorForm, answer: (request: JsonRequest) => Answer | Promise<Answer>): Route {
    return this.#route(form, async ({ request, principal, outflow, line }) => {
      const { headers } = request;
      const path = pathOf(request);
      const body = async () => (await this.#bodies.read(request, (bytes) => this.#turnOf(line, bytes))).json;
      const { gate, agents } = this.#parts;
      const agent = await agents.use(principal, agentOf(headers, undefined), textIn(headers, 'x-eccos-parent'));
      try {
        const answered = await answer({ headers, path, gate, agent, body });
        outflow.json(answered.status, answered.body);
      } finally {
        agents.release(agent);
      }
    });
  }

  get #parts() {
    if (this.#open === undefined) throw new TypeError('The door is not open');
    return this.#open;
  }

  async #chat(dialect: Dialect, exchange: Exchange): Promise<void> {
    const { request, principal, outflow, requestId, line } = exchange;
    const { clock, limits } = this.#deps;
    const { gate, agents } = this.#parts;
    const { headers } = request;
    const { json, bytes } = await this.#bodies.read(request, (bytes) => this.#turnOf(line, bytes));
    const read = dialect.read(json, headers);
    const agent = await agents.use(principal, agentOf(headers, read.agent), textIn(headers, 'x-eccos-parent'));
    try {
      const intent = intentOf(headers, read, chooseCores(read.model, agent.cores));
      const idempotencyKey = textIn(headers, 'idempotency-key');
      const params: Json = { ...read.params, ...intent, idempotencyKey, trace: traceOf(headers), restart: 'forbid' };
      const { maxMessageBytes } = limits();
      if (bytes > maxMessageBytes && bytes - mediaBytes(params['messages']) > maxMessageBytes) {
        throw tooLarge('maxMessageBytes', maxMessageBytes);
      }
      outflow.header('x-eccos-pid', String(agent.caller.pid));
      if (read.ignored.length > 0) outflow.header('x-eccos-ignored', headerText(read.ignored.join(', ')));
      const chat = new ChatExchange({ gate, clock, limits, dialect, outflow, requestId }, params, json);
      exchange.onDrained = () => chat.drained();
      exchange.behind = () => chat.behind;
      await chat.run(agent.caller, line.signal);
    } finally {
      agents.release(agent);
    }
  }

  #route(form: ErrorForm, answer: (exchange: Exchange) => Promise<void>): Route {
    return {
      handle: (request, response, principal = LOCAL) => void this.#answer(form, answer, request, response, principal),
      refuse: (request, response, error) => {
        const exchange = this.#exchange(request, response, LOCAL);
        void this.#fail(form, exchange, error);
      },
    };
  }

  async #answer(
    form: ErrorForm,
    answer: (exchange: Exchange) => Promise<void>,
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
  ): Promise<void> {
    const exchange = this.#exchange(request, response, principal);
    try {
      this.#take(principal);
      await answer(exchange);
    } catch (error) {
      await this.#fail(form, exchange, error);
    }
  }

  #exchange(request: IncomingMessage, response: ServerResponse, principal: Principal): Exchange {
    const { clock, limits, held } = this.#deps;
    const requestId = this.#deps.requestId();
    const exchange: Exchange = {
      request,
      principal,
      requestId,
      line: this.#lineOf(request.socket),
      onDrained: () => {},
      behind: () => 0,
      outflow: new Outflow(response, {
        ...{ clock, limits, held, owner: principal.name },
        behind: () => exchange.behind(),
        onDrained: () => exchange.onDrained(),
      }),
    };
    response.setHeader('x-request-id', requestId);
    // Anthropic's name for it.
    response.setHeader('request-id', requestId);
    return exchange;
  }

  #lineOf(socket: Socket): Line {
    const known = this.#lines.get(socket);
    if (known !== undefined) return known;
    const controller = new AbortController();
    const asker = new Asker(NOT_READ);
    socket.once('close', () => controller.abort());
    const line = { signal: controller.signal, asker };
    this.#lines.set(socket, line);
    return line;
  }

  /** Settles when so many bytes may be decoded and answered. */
  #turnOf({ asker }: Line, bytes: number): Promise<void> {
    return new Promise((resolve) => {
      // The work itself comes after the promise has settled, where it cannot be measured.
      const work = () => {
        resolve();
        return REQUEST_MS + bytes / BYTES_PER_MS;
      };
      this.#deps.turns.take(asker, { bytes, work });
    });
  }

  /** @throws SyscallError `rate-limited` */
  #take(principal: Principal): void {
    const { name } = principal;
    const { rates, limits } = this.#deps;
    let rate = this.#rates.get(name);
    if (rate === undefined) {
      rate = rates.of(principal);
      this.#rates.set(name, rate);
    }
    const retryAfterMs = rate.take();
    if (retryAfterMs === 0) return;
    const { requestsPerSecond } = limits();
    const message = `requestsPerSecond: Expected at most ${requestsPerSecond} requests a second of a token, got more`;
    throw new SyscallError('rate-limited', message, { retryAfterMs });
  }

  /** Says what went wrong, where that can still be said. Never rejects. */
  async #fail(form: ErrorForm, { request, outflow, requestId }: Exchange, thrown: unknown): Promise<void> {
    const error = thrown instanceof SyscallError ? thrown : internal(thrown);
    if (error.code === 'internal') {
      this.#deps.log.error({ err: error.cause ?? error, requestId }, 'a request failed inside the kernel');
    }
    if (outflow.hasBegun) {
      outflow.cut();
      return;
    }
    await discardRest(request, this.#deps.limits().maxRequestBytes);
    if (outflow.hasBegun) return;
    const { status, body } = form.error(error, requestId);
    outflow.json(status, body, retryHeaders(error, status));
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.split('?', 1)[0] ?? '/';
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
