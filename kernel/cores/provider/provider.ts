import { messageText } from '../../../syscalls/chat-message.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { ChatParams } from '../../../syscalls/llm-chat.js';
import type { Clock } from '../../clock.js';
import { CoreError, type CoreRequest, type CoreResult, type CoreRun, type LLMCore } from '../core.js';
import { infoOf } from '../core-config.js';
import type { CoreDeps } from '../core-deps.js';
import { checkOutput } from '../structured-output.js';
import { Answer } from './answer.js';
import { billOf } from './bill.js';
import { Exchange } from './exchange.js';
import { withoutEchoes } from './faults/echoes.js';
import { asCallers, faultOfThrown, withPauseAtMost } from './faults/fault.js';
import type { ProviderConfig } from './model/provider-config.js';
import { type ProviderModel, providerModel } from './model/provider-models.js';
import type { ServerHabits } from './request/openai-messages.js';
import { type ProviderRequest, providerRequest } from './request/provider-request.js';
import { Standing } from './standing.js';
import { openTransport } from './transport/open-transport.js';
import type { Transport } from './transport/transport.js';
import { Watchdog } from './watchdog.js';
import type { Dialect } from './wire/answer-facts.js';
import { AnthropicDialect } from './wire/anthropic-dialect.js';
import { GoogleDialect } from './wire/google-dialect.js';
import { OpenAIDialect } from './wire/openai-dialect.js';

const DIALECTS: Readonly<Record<ProviderConfig['provider'], new () => Dialect>> = {
  openai: OpenAIDialect,
  'openai-compatible': OpenAIDialect,
  anthropic: AnthropicDialect,
  google: GoogleDialect,
};

/** What a provider's API has no place for, whatever the model. */
const NEVER_TAKEN = { anthropic: ['logprobs'], google: ['logprobs', 'parallelToolCalls'] } as const;
const INPUTS = { anthropic: ['image', 'file'] } as const;

/** @throws SyscallError `invalid-config` as `openTransport` */
export async function providerCore(config: ProviderConfig, deps: CoreDeps): Promise<LLMCore> {
  const transport = await openTransport(config, deps);
  // One model serves all requests: which one an HTTP request belongs to, its signal says.
  const exchanges = new WeakMap<AbortSignal, Exchange>();
  const model = await providerModel(config, async (input, init) => {
    const exchange = init?.signal ? exchanges.get(init.signal) : undefined;
    if (exchange === undefined) throw new TypeError('The SDK has sent a request without the signal of its call');
    return exchange.send(input, init);
  });
  return new ProviderCore(config, deps, { model, exchanges, transport });
}

interface ProviderParts {
  readonly model: ProviderModel;
  readonly exchanges: WeakMap<AbortSignal, Exchange>;
  readonly transport: Transport;
}

/** A provider's model through the AI SDK. It never retries: a failed call goes back to the kernel. */
class ProviderCore implements LLMCore {
  readonly info;
  readonly #config: ProviderConfig;
  readonly #clock: Clock;
  readonly #model: ProviderModel;
  readonly #exchanges: WeakMap<AbortSignal, Exchange>;
  readonly #transport: Transport;
  readonly #standing: Standing;
  readonly #habits: ServerHabits = { thoughtMember: 'reasoning_content', maxTokensMember: undefined };
  /** Requests that are open, and how to end each. */
  readonly #open = new Map<AbortController, Promise<unknown>>();

  constructor(config: ProviderConfig, { clock, log }: CoreDeps, { model, exchanges, transport }: ProviderParts) {
    const { id, provider, tools, responseFormat, supportsPrefix, breaker } = config;
    const inputs = config.inputs ?? [...(provider === 'anthropic' ? INPUTS.anthropic : ALL_INPUTS)];
    const never = provider === 'anthropic' || provider === 'google' ? NEVER_TAKEN[provider] : [];
    const unsupported = [...new Set([...config.unsupported, ...never])];
    this.info = infoOf(config, { tools, responseFormat, supportsPrefix, inputs, unsupported });
    this.#config = config;
    this.#clock = clock;
    this.#model = model;
    this.#exchanges = exchanges;
    this.#transport = transport;
    this.#standing = new Standing({ id, clock, log, breaker });
  }

  refuses({ messages }: ChatParams): string | undefined {
    if (this.#config.provider === 'openai' || this.#config.provider === 'openai-compatible') return undefined;
    const hasFileId = messages.some(
      ({ content }) =>
        Array.isArray(content) && content.some((part) => part.type === 'file' && part.file.file_id !== undefined),
    );
    return hasFileId ? 'it does not know the file_id of another provider' : undefined;
  }

  chat(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    return this.#standing.run(() => this.#ask(request, run), run.signal);
  }

  health() {
    return this.#standing.health();
  }

  reopen(): void {
    this.#transport.reopen();
    this.#standing.reopen();
  }

  async close(): Promise<void> {
    const open = [...this.#open];
    for (const [controller] of open) controller.abort(closing());
    await Promise.allSettled(open.map(([, ended]) => ended));
    this.#transport.close();
  }

  async #ask(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    if (run.signal.aborted) throw run.signal.reason;
    const controller = new AbortController();
    const abort = () => controller.abort(run.signal.reason);
    run.signal.addEventListener('abort', abort, { once: true });
    const { firstTokenTimeoutMs: silenceMs, answerTimeoutMs: totalMs } = this.#config;
    const watchdog = new Watchdog(this.#clock, { silenceMs, totalMs }, (why, limitMs) => {
      controller.abort(why === 'silent' ? silence(limitMs) : tooSlow(limitMs));
    });
    const answer = this.#stream(request, run, controller.signal, watchdog);
    this.#open.set(controller, answer);
    let isWhole = false;
    try {
      const result = await answer;
      isWhole = true;
      return result;
    } finally {
      watchdog.stop();
      run.signal.removeEventListener('abort', abort);
      // Gives the request up where the answer was not read to its end. Without a reason Node would make an error.
      controller.abort(OVER);
      // Of a whole answer nothing more is to come: its connection need not be waited for.
      if (!isWhole) await this.#transport.closed(controller.signal);
      this.#open.delete(controller);
    }
  }

  async #stream(request: CoreRequest, run: CoreRun, signal: AbortSignal, watchdog: Watchdog): Promise<CoreResult> {
    const { provider, price, idleTimeoutMs } = this.#config;
    const dialect = new DIALECTS[provider]();
    const { facts } = dialect;
    const sent = this.#requestOf(request, signal);
    const answer = new Answer(provider, facts, sent.warnings);
    const inputTokens = request.inputTokens + request.prefixTokens;
    const bill = () => billOf(facts, { inputTokens, ...answer.counted }, price);
    const exchange = new Exchange({
      dialect,
      transport: this.#transport.fetch,
      edit: sent.edit,
      clock: this.#clock,
      onEvent: () => {
        if (facts.usage.inputTokens !== undefined) run.onBill?.(bill());
      },
    });
    this.#exchanges.set(signal, exchange);
    try {
      const { stream } = await this.#model.doStream(sent.call);
      for await (const part of stream) {
        const chunk = answer.take(part);
        if (chunk !== undefined) run.onChunk(chunk);
        if (part.type !== 'stream-start' && part.type !== 'response-metadata') watchdog.heard(idleTimeoutMs);
      }
    } catch (thrown) {
      const isWhole = facts.finishWord !== undefined && isSilence(signal.reason) && !run.signal.aborted;
      // After the last word, silence is an end: a usage that was still to come is not known.
      if (!isWhole) throw this.#faultOf(thrown, signal, exchange, request);
    }
    this.#habits.thoughtMember = facts.thoughtMember ?? this.#habits.thoughtMember;
    const result = answer.result(bill());
    if (result.finishReason === 'stop') this.#check(request, answer, run, result);
    return result;
  }

  #requestOf(request: CoreRequest, signal: AbortSignal): ProviderRequest {
    try {
      return providerRequest(request, this.#config, this.#habits, signal);
    } catch (error) {
      throw faultOfThrown(error, false);
    }
  }

  /** What ended a request: the one who gave it up, or what went wrong. */
  #faultOf(thrown: unknown, signal: AbortSignal, exchange: Exchange, { params }: CoreRequest): unknown {
    if (signal.aborted) return signal.reason;
    const fault = withPauseAtMost(faultOfThrown(thrown, exchange.wasSent), this.#config.maxPauseMs);
    if (fault.message.includes('max_completion_tokens')) this.#habits.maxTokensMember = 'max_completion_tokens';
    const said = params.messages.map(messageText).join('\n');
    const isOwn = params.providerOptions?.[this.#config.provider] !== undefined;
    return withoutEchoes(isOwn ? asCallers(fault) : fault, this.#transport.secrets, said);
  }

  /** @throws CoreError `invalid-output` for an answer that breaks the response format; it is billed all the same */
  #check({ params, prefix }: CoreRequest, { text }: Answer, run: CoreRun, result: CoreResult): void {
    try {
      checkOutput(prefix + text, params.responseFormat);
    } catch (error) {
      run.onBill?.({ ...result, isWhole: true });
      throw error;
    }
  }
}

const OVER = 'the answer is over';

const ALL_INPUTS = ['image', 'audio', 'file'] as const;

function closing(): SyscallError {
  return new SyscallError('core-failed', 'The core is closing');
}

class Silence extends CoreError {}

function silence(limitMs: number): CoreError {
  return new Silence('core-failed', `The provider was silent for ${limitMs} ms`, { class: 'provider' });
}

function tooSlow(limitMs: number): CoreError {
  return new CoreError('core-failed', `The provider was not done after ${limitMs} ms`, { class: 'provider' });
}

function isSilence(reason: unknown): boolean {
  return reason instanceof Silence;
}
