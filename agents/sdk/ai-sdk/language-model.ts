import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3StreamResult,
} from '@ai-sdk/provider';
import { type ChatDelta, type ChatStream, SyscallError } from '../client.js';
import { EccosCallError } from './call-error.js';
import { type EccosSettings, paramsOf, type TranslatedCall } from './params.js';
import { lastParts, resultOf } from './result.js';
import type { SharedClient } from './shared-client.js';

const TEXT = 'text';

/** The cores of a kernel as one model of the AI SDK: each call goes where the policy puts it. */
export class EccosLanguageModel implements LanguageModelV3 {
  readonly specificationVersion = 'v3';
  readonly provider = 'eccos';
  readonly modelId: string;
  /** Images are fetched by the provider of the core. */
  readonly supportedUrls = { 'image/*': [/^https?:\/\//] };
  readonly #client: SharedClient;
  readonly #settings: EccosSettings;

  constructor(modelId: string, client: SharedClient, settings: EccosSettings) {
    this.modelId = modelId;
    this.#client = client;
    this.#settings = settings;
  }

  /** @throws EccosCallError; the reason of `abortSignal` when that was aborted */
  async doGenerate(options: LanguageModelV3CallOptions): Promise<LanguageModelV3GenerateResult> {
    const call = this.#translated(options);
    try {
      const client = await this.#client.take();
      try {
        const reply = await client.chat(call.params, { signal: options.abortSignal });
        return resultOf(reply, call.warnings);
      } finally {
        this.#client.release();
      }
    } catch (error) {
      throw this.#errorOf(error, options, call);
    }
  }

  /** Settles with the first text or the end of the answer, so that what fails before can be tried again. @throws as `doGenerate` */
  async doStream(options: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    const call = this.#translated(options);
    try {
      const client = await this.#client.take();
      const release = once(() => this.#client.release());
      try {
        const stream = client.stream({ ...call.params, restart: 'forbid' }, { signal: options.abortSignal });
        const deltas = stream[Symbol.asyncIterator]();
        const first = await deltas.next();
        return { stream: this.#partsOf({ stream, deltas, first, release }, options, call) };
      } catch (error) {
        release();
        throw error;
      }
    } catch (error) {
      throw this.#errorOf(error, options, call);
    }
  }

  #partsOf(
    { stream, deltas, first, release }: OpenStream,
    options: LanguageModelV3CallOptions,
    call: TranslatedCall,
  ): ReadableStream<LanguageModelV3StreamPart> {
    let next: IteratorResult<ChatDelta, void> | undefined = first;
    let isTextOpen = false;
    const tools = new Set<string>();
    return new ReadableStream<LanguageModelV3StreamPart>({
      start: (out) => out.enqueue({ type: 'stream-start', warnings: call.warnings }),
      pull: async (out) => {
        try {
          const { done, value } = next ?? (await deltas.next());
          next = undefined;
          if (!done) {
            if (value.restart) throw restarted();
            const { text, toolCalls = [] } = value;
            if (text !== '') {
              if (!isTextOpen) out.enqueue({ type: 'text-start', id: TEXT });
              isTextOpen = true;
              out.enqueue({ type: 'text-delta', id: TEXT, delta: text });
            }
            for (const { id, name, arguments: delta } of toolCalls) {
              if (!tools.has(id)) out.enqueue({ type: 'tool-input-start', id, toolName: name });
              tools.add(id);
              out.enqueue({ type: 'tool-input-delta', id, delta });
            }
            return;
          }
          if (isTextOpen) out.enqueue({ type: 'text-end', id: TEXT });
          for (const part of lastParts(await stream.reply)) out.enqueue(part);
        } catch (error) {
          await deltas.return();
          out.enqueue({ type: 'error', error: this.#errorOf(error, options, call) });
        }
        release();
        out.close();
      },
      cancel: async () => {
        await deltas.return();
        release();
      },
    });
  }

  #translated(options: LanguageModelV3CallOptions): TranslatedCall {
    try {
      return paramsOf(options, this.#settings);
    } catch (error) {
      throw new EccosCallError(error, this.#client.url, {});
    }
  }

  #errorOf(error: unknown, { abortSignal }: LanguageModelV3CallOptions, { params }: TranslatedCall): unknown {
    return abortSignal?.aborted ? abortSignal.reason : new EccosCallError(error, this.#client.url, params);
  }
}

interface OpenStream {
  readonly stream: ChatStream;
  readonly deltas: AsyncGenerator<ChatDelta, void, undefined>;
  readonly first: IteratorResult<ChatDelta, void>;
  readonly release: () => void;
}

function restarted(): SyscallError {
  return new SyscallError('core-failed', 'The core failed, and the text that was streamed is void');
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}
