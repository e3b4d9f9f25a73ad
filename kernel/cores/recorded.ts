import { z } from 'zod';
import { SyscallError } from '../../syscalls/errors.js';
import { type ChatParams, promptOf } from '../../syscalls/llm-chat.js';
import { OutcomeFiles, type OutcomeTable } from '../outcomes/file.js';
import type { ModelOutcome, OutcomeRecord } from '../outcomes/record.js';
import { fillerText } from './answers/filler.js';
import type { CoreRequest, CoreResult, CoreRun, LLMCore } from './core.js';
import { coreFields, infoOf } from './core-config.js';
import type { CoreDeps } from './core-deps.js';
import { latencyOf } from './latency-table.js';
import { playAnswer } from './timed-answer.js';

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/**
 * Replays what a model made of known prompts: recorded score, output tokens and cost. `price` is what policies reckon
 * with beforehand; the reply carries the recorded cost. The prompt of a call is the text of its last user message.
 */
export const recordedConfig = z.strictObject({
  kind: z.literal('recorded'),
  ...coreFields,
  /** Outcome files, .jsonl or .jsonl.gz; a path is relative to the working directory. */
  data: files,
  /** The model's name in the files. */
  model: z.string().min(1),
  /** Milliseconds of a call: ttftMs + input tokens x ttftMsPerInputToken + output tokens x tpotMs; by price tier where absent. */
  latency: z
    .strictObject({
      ttftMs: z.number().min(0),
      ttftMsPerInputToken: z.number().min(0),
      tpotMs: z.number().min(0),
    })
    .optional(),
  /** Milliseconds over which text is gathered into one chunk; 0 = all text after the first token comes at the end. */
  chunkMs: z.number().min(0).default(50),
});

export type RecordedConfig = z.infer<typeof recordedConfig>;

/** @throws SyscallError `invalid-config` for a file that cannot be read, or that does not know the model */
export async function recordedCore(config: RecordedConfig, deps: CoreDeps): Promise<LLMCore> {
  const paths = typeof config.data === 'string' ? [config.data] : config.data;
  const table = await (deps.outcomes ?? new OutcomeFiles()).load(paths);
  const isKnown = [...table.byPrompt.values()].some((record) => outcomeOf(record, config.model) !== undefined);
  if (!isKnown) {
    throw new SyscallError(
      'invalid-config',
      `Expected \`model\` to be one of ${paths.join(', ')}, got "${config.model}"`,
    );
  }
  return new RecordedCore(config, deps, table);
}

function outcomeOf(record: OutcomeRecord | undefined, model: string): ModelOutcome | undefined {
  return record?.outputs.find((outcome) => outcome.model === model);
}

class RecordedCore implements LLMCore {
  readonly info;
  readonly #config: RecordedConfig;
  readonly #deps: CoreDeps;
  readonly #table: OutcomeTable;

  constructor(config: RecordedConfig, deps: CoreDeps, table: OutcomeTable) {
    this.info = infoOf(config, { tools: false, responseFormat: false, supportsPrefix: false });
    this.#config = config;
    this.#deps = deps;
    this.#table = table;
  }

  refuses(params: ChatParams): string | undefined {
    const outcome = outcomeOf(this.#table.byPrompt.get(promptOf(params)), this.#config.model);
    if (outcome === undefined) return `no recorded outcome of ${this.#config.model} for this prompt`;
    if (outcome.output_tokens > (params.maxTokens ?? Number.POSITIVE_INFINITY)) {
      // What a shorter answer would have scored is not recorded.
      return `the recorded answer has ${outcome.output_tokens} tokens, more than maxTokens`;
    }
    return undefined;
  }

  async chat({ params }: CoreRequest, run: CoreRun): Promise<CoreResult> {
    const prompt = promptOf(params);
    const record = this.#table.byPrompt.get(prompt);
    const outcome = outcomeOf(record, this.#config.model);
    if (record === undefined || outcome === undefined) {
      throw new SyscallError('core-rejected', `${this.info.id}: ${this.refuses(params)}`);
    }
    const { output_tokens: outputTokens, cost_usd: costUsd } = outcome;
    const inputTokens = record.input_tokens;
    const { latency = latencyOf(this.#config.price), chunkMs, model } = this.#config;
    const answer = {
      tokens: outputTokens,
      firstTokenMs: latency.ttftMs + inputTokens * latency.ttftMsPerInputToken,
      tokenMs: latency.tpotMs,
      chunkMs,
      textOf: (from: number, to: number) => fillerText(prompt + model, from, to),
    };
    await playAnswer(answer, run, this.#deps.clock);
    return { toolCalls: [], finishReason: 'stop', usage: { inputTokens, outputTokens }, costUsd };
  }
}
