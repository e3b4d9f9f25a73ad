import { SyscallError } from '../../../../syscalls/errors.js';
import type { Millis } from '../../../../syscalls/syscall.js';
import type { Clock } from '../../../clock.js';
import type { Logger } from '../../../log.js';
import { errorText } from '../faults/error-text.js';
import { faultOfResponse } from '../faults/fault.js';
import type { Connection } from './connection-config.js';
import type { HttpResponse, Send } from './http-response.js';

/** The pause of a key whose limit is reached, where the provider does not say how long. */
const PAUSE_MS = 1_000;

/** The header that carries a key, and what stands before the key. */
const CARRIERS: Readonly<Record<Connection['provider'], readonly [header: string, scheme: string]>> = {
  'openai-compatible': ['authorization', 'Bearer '],
  openai: ['authorization', 'Bearer '],
  anthropic: ['x-api-key', ''],
  google: ['x-goog-api-key', ''],
};

interface Key {
  /** Of its environment variable. */
  readonly name: string;
  readonly value: string;
  pausedUntil: Millis;
  /** The provider has refused it. */
  isOut: boolean;
}

interface KeyRingOptions {
  /** Of the core, for the log. */
  readonly id: string;
  readonly provider: Connection['provider'];
  /** Names of environment variables. */
  readonly names: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Most milliseconds that a key pauses. */
  readonly maxPauseMs: Millis;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'> | undefined;
}

/**
 * Puts the key on each request. Of several keys the first that can be used is taken: one that has reached its limit (HTTP 429) pauses,
 * one that the provider refuses (HTTP 401) is left out until a reload, but never the last. The caller sees a 429 only
 * when all keys pause, and it names the shortest pause.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #keys: readonly Key[];

  /** @throws SyscallError `invalid-config` for a variable without a key that a header can carry */
  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#keys = options.names.map((name) => ({
      name,
      value: keyIn(name, options.env),
      pausedUntil: 0,
      isOut: false,
    }));
  }

  /** All keys: no message may repeat one. */
  get secrets(): readonly string[] {
    return this.#keys.map(({ value }) => value);
  }

  /** Keys that were refused or pause may be tried again. */
  reopen(): void {
    for (const key of this.#keys) {
      key.isOut = false;
      key.pausedUntil = 0;
    }
  }

  /** Requests with a key, for a `send` that has none. */
  around(send: Send): Send {
    const [only, ...more] = this.#keys;
    if (only === undefined) return send;
    if (more.length === 0) return (input, init) => send(input, this.#signed(init, only));
    return (input, init) => this.#sendWithAny(send, input, init);
  }

  async #sendWithAny(send: Send, input: Parameters<Send>[0], init: RequestInit = {}): Promise<HttpResponse> {
    const { clock, id, log } = this.#options;
    let overload = new Response('{"error":{"message":"All keys of this core pause","type":"rate_limit_error"}}', {
      status: 429,
      headers: { 'content-type': 'application/json' },
    });
    for (;;) {
      const key = this.#usable().find(({ pausedUntil }) => pausedUntil <= clock.now());
      if (key === undefined) return this.#overloaded(overload);
      const response = await send(input, this.#signed(init, key));
      if (response.status === 401 && this.#usable().some((other) => other !== key)) {
        if (!key.isOut) log?.warn({ core: id, apiKeyEnv: key.name }, 'a key was refused with HTTP 401: it is left out');
        key.isOut = true;
        await errorText(response);
        continue;
      }
      if (response.status !== 429) return response;
      const body = await errorText(response);
      const now = clock.now();
      const { retryAfterMs = PAUSE_MS } = faultOfResponse(429, response.headers, body, now);
      key.pausedUntil = Math.max(key.pausedUntil, now + Math.min(retryAfterMs, this.#options.maxPauseMs));
      overload = new Response(body, response);
    }
  }

  #usable(): readonly Key[] {
    return this.#keys.filter(({ isOut }) => !isOut);
  }

  #overloaded(response: Response): Response {
    const until = Math.min(...this.#usable().map(({ pausedUntil }) => pausedUntil));
    response.headers.set('retry-after-ms', String(Math.ceil(Math.max(0, until - this.#options.clock.now()))));
    return response;
  }

  #signed(init: RequestInit = {}, { value }: Key): RequestInit {
    const [header, scheme] = CARRIERS[this.#options.provider];
    const headers = new Headers(init.headers);
    headers.set(header, `${scheme}${value}`);
    return { ...init, headers };
  }
}

function keyIn(name: string, env: KeyRingOptions['env']): string {
  const value = env[name]?.trim();
  if (value === undefined || value === '') {
    throw new SyscallError('invalid-config', `Expected the environment variable ${name} to hold a key`);
  }
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new SyscallError('invalid-config', `Expected the key in ${name} to be printable ASCII, no spaces`);
  }
  return value;
}
