import type { LanguageModelV3CallOptions, SharedV3Warning } from '@ai-sdk/provider';
import type { ChatParams, ChatTool } from '../../../syscalls/llm-chat.js';
import { messagesOf } from './prompt.js';

/** What a call may say beside what the AI SDK has words for: of a model, or of one call as `providerOptions.eccos`. */
export type EccosSettings = Pick<
  ChatParams,
  | 'cores'
  | 'deadlineMs'
  | 'metadata'
  | 'minQuality'
  | 'parallelToolCalls'
  | 'patience'
  | 'priority'
  | 'reasoningEffort'
  | 'retry'
  | 'task'
>;

/** A call as the kernel takes it, and what of the options is not sent. */
export interface TranslatedCall {
  readonly params: ChatParams;
  readonly warnings: SharedV3Warning[];
}

/**
 * The options of a call of the AI SDK as the parameters of `llm.chat`. The kernel checks them.
 *
 * @param settings of the model; those of the call come first
 */
export function paramsOf(options: LanguageModelV3CallOptions, settings: EccosSettings): TranslatedCall {
  const warnings: SharedV3Warning[] = [];
  const messages = messagesOf(options.prompt, (message) => warnings.push({ type: 'other', message }));
  const { maxOutputTokens, temperature, topP, presencePenalty, frequencyPenalty, seed, stopSequences, topK } = options;
  if (topK !== undefined) warnings.push({ type: 'unsupported', feature: 'topK' });
  const tools = toolsOf(options, warnings);
  const params = {
    messages,
    maxTokens: maxOutputTokens,
    temperature,
    topP,
    presencePenalty,
    frequencyPenalty,
    seed,
    stop: stopSequences?.length ? stopSequences : undefined,
    tools,
    toolChoice: tools && toolChoiceOf(options),
    responseFormat: formatOf(options),
    ...settings,
    ...options.providerOptions?.['eccos'],
  };
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return { params: Object.fromEntries(given) as ChatParams, warnings };
}

function toolsOf({ tools = [] }: LanguageModelV3CallOptions, warnings: SharedV3Warning[]): ChatTool[] | undefined {
  const found = tools.flatMap((tool): ChatTool[] => {
    if (tool.type !== 'function') {
      warnings.push({ type: 'unsupported', feature: `tool ${tool.id}` });
      return [];
    }
    const { name, description, inputSchema, strict } = tool;
    const facts = {
      ...(description === undefined ? {} : { description }),
      ...(strict === undefined ? {} : { strict }),
    };
    return [{ type: 'function', function: { name, ...facts, parameters: inputSchema as Record<string, unknown> } }];
  });
  return found.length === 0 ? undefined : found;
}

function toolChoiceOf({ toolChoice }: LanguageModelV3CallOptions): ChatParams['toolChoice'] {
  if (toolChoice?.type === 'tool') return { type: 'function', function: { name: toolChoice.toolName } };
  return toolChoice?.type;
}

function formatOf({ responseFormat }: LanguageModelV3CallOptions): ChatParams['responseFormat'] {
  if (responseFormat?.type !== 'json') return undefined;
  const { schema, name = 'response', description } = responseFormat;
  if (schema === undefined) return { type: 'json_object' };
  const about = description === undefined ? {} : { description };
  return {
    type: 'json_schema',
    json_schema: { name: name.slice(0, 64), ...about, schema: schema as Record<string, unknown> },
  };
}
