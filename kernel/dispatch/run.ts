import type { CoreInfo } from '../../syscalls/cores.js';
import { costOf } from '../../syscalls/price.js';
import type { Call } from '../call/call.js';
import type { Used } from '../capacity/capacity.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { Clock } from '../clock.js';
import { type Believed, believed } from '../cores/believed.js';
import type { Bill, CoreChunk, CoreRequest } from '../cores/core.js';
import type { Spent } from '../spent.js';

/** One request of a call to a core, from its start to its end. */
export class Run {
  readonly request: CoreRequest;
  /** Whether it goes on from an earlier slice. */
  readonly resumed: boolean;
  readonly #call: Call;
  readonly #core: CoreInfo;
  readonly #clock: Clock;
  #outputTokens = 0;
  #bill: Bill | undefined;

  constructor(call: Call, core: CoreInfo, clock: Clock) {
    this.#call = call;
    this.#core = core;
    this.#clock = clock;
    this.resumed = call.resumes;
    const { params, inputTokens } = call.facts;
    const { text: prefix, outputTokens: prefixTokens } = call;
    const maxTokens = params.maxTokens === undefined ? undefined : params.maxTokens - prefixTokens;
    this.request = { params, inputTokens, prefix, prefixTokens, maxTokens };
  }

  /** Preempted just when it had all the tokens that it may have. */
  get isExhausted(): boolean {
    return this.request.maxTokens !== undefined && this.request.maxTokens <= 0;
  }

  /** What the provider will charge for it as far as it is known: its whole prompt, and the tokens it has written. */
  spent(): Spent {
    const bill = this.#bill && this.believed(this.#bill).bill;
    if (bill?.isWhole) return this.charge(bill);
    const known = bill?.usage;
    const inputTokens = known?.inputTokens ?? this.#inputTokens;
    const outputTokens = Math.max(known?.outputTokens ?? 0, this.#outputTokens);
    const usage = { ...known, inputTokens, outputTokens };
    return this.charge({ usage, costUsd: costOf(this.#core.price, usage) });
  }

  /** What of a bill can be true of this request, as far as its answer has come. */
  believed<Given extends Bill>(bill: Given): Believed<Given> {
    const { contextWindow, price } = this.#core;
    return believed(bill, price, {
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      maxTokens: this.request.maxTokens,
      contextWindow,
      isOpaque: () => isOpaque(this.request),
    });
  }

  /** Whether the provider has written anything, or said what it bills. */
  get isBilled(): boolean {
    return this.#bill !== undefined || this.#outputTokens > 0;
  }

  /** What a bill means for this request. */
  charge({ usage, costUsd, providerCostUsd }: Bill): Spent {
    const reprefillTokens = this.resumed ? usage.inputTokens : 0;
    return { reprefillTokens, costUsd, ...usage, ...(providerCostUsd === undefined ? {} : { providerCostUsd }) };
  }

  /** The provider has said what it bills so far. */
  bill(bill: Bill): void {
    if (!this.#call.isFinal) this.#bill = bill;
  }

  /**
   * What capacity sets aside for it: for the minute the most tokens that it may use, or is likely to, for the budget what it is
   * expected to cost.
   *
   * @param outputTokensP90 of the whole answer, as the policy predicts it
   */
  expected(
    outputTokensP90: number | undefined,
    { meanOutputTokens, longOutputTokens }: Pick<CoreSlot, 'meanOutputTokens' | 'longOutputTokens'>,
  ): Used {
    const { prefixTokens, maxTokens } = this.request;
    const inputTokens = this.#inputTokens;
    const predicted = outputTokensP90 === undefined ? undefined : Math.max(1, outputTokensP90 - prefixTokens);
    const outputTokens = Math.min(predicted ?? maxTokens ?? meanOutputTokens, maxTokens ?? Number.POSITIVE_INFINITY);
    return {
      tokens: inputTokens + Math.ceil(maxTokens ?? Math.max(predicted ?? 0, longOutputTokens)),
      costUsd: costOf(this.#core.price, { inputTokens, outputTokens }),
    };
  }

  /** @returns whether it is the first piece that counts */
  take({ text, tokens: given, toolCall }: CoreChunk): boolean {
    if (this.#call.isFinal) return false;
    const tokens = Number.isSafeInteger(given) && given >= 1 ? given : 1;
    const isFirst = this.#outputTokens === 0;
    this.#outputTokens += tokens;
    this.#call.take(text, tokens, this.#clock.now());
    if (toolCall !== undefined && !this.#call.isFinal) this.#call.takeToolCall(toolCall);
    return isFirst;
  }

  get #inputTokens(): number {
    return this.request.inputTokens + this.request.prefixTokens;
  }
}

/** Whether a request names something that is billed as input, and that the kernel cannot count. */
function isOpaque({ params }: CoreRequest): boolean {
  return (
    params.providerOptions !== undefined ||
    params.messages.some(
      ({ content }) =>
        Array.isArray(content) && content.some((part) => part.type === 'file' || part.type === 'input_audio'),
    )
  );
}
