import type { ChatParams, ChatTool } from '../../../../syscalls/llm-chat.js';
import type { Json } from '../../../json.js';
import type { CoreRequest } from '../../core.js';
import type { ProviderConfig } from '../model/provider-config.js';
import type { ProviderCall } from '../model/provider-models.js';
import { openaiMessages, type ServerHabits } from './openai-messages.js';
import { sdkPrompt } from './sdk-prompt.js';
import { thinkingOptions } from './thinking.js';

type Schema = Extract<NonNullable<ProviderCall['tools']>[number], { type: 'function' }>['inputSchema'];
type Settings = Omit<ProviderCall, 'prompt'>;

/** A request as the SDK takes it, and what is still to be done to the body that it makes. */
export interface ProviderRequest {
  readonly call: ProviderCall;
  readonly edit: (body: Json) => object;
  /** Settings that are not sent, or sent in another form, and why. */
  readonly warnings: readonly string[];
}

/** What the SDK has to be given where the messages go as they came. */
const NO_PROMPT: ProviderCall['prompt'] = [{ role: 'user', content: [{ type: 'text', text: '' }] }];
const NO_ARGUMENTS: Schema = { type: 'object', properties: {} };

/** Builds the request of one call to a provider. */
export function providerRequest(
  request: CoreRequest,
  config: ProviderConfig,
  habits: ServerHabits,
  abortSignal: AbortSignal,
): ProviderRequest {
  const { params, prefix } = request;
  const { provider } = config;
  const warnings: string[] = [];
  const messages: typeof params.messages =
    prefix === '' ? params.messages : [...params.messages, { role: 'assistant', content: prefix }];
  if (provider === 'openai' || provider === 'openai-compatible') {
    const edit = (body: Json) => ({
      ...renamed(body, habits.maxTokensMember),
      messages: openaiMessages(messages, provider, habits),
      ...openaiSettings(params, provider),
      ...params.providerOptions?.[provider],
    });
    return { call: { prompt: NO_PROMPT, abortSignal, ...settings(request) }, edit, warnings };
  }
  const prompt = sdkPrompt(messages, provider, (line) => warnings.push(line));
  const thinking = thinkingOptions(params.reasoningEffort, config, request.maxTokens);
  if (thinking.warning !== undefined) warnings.push(thinking.warning);
  const call = { prompt, abortSignal, ...settings(request), ...thinking.settings };
  const own = provider === 'anthropic' ? anthropicOptions(params) : {};
  const providerOptions = { [provider]: { ...thinking.options, ...own } } as NonNullable<Settings['providerOptions']>;
  return {
    call: { ...call, ...jsonForm(params, provider), providerOptions },
    edit: (body) => merged(body, params.providerOptions?.[provider] ?? {}),
    warnings,
  };
}

function settings({ params, maxTokens, traceparent }: CoreRequest): Settings {
  const { temperature, topP, frequencyPenalty, presencePenalty, seed, stop, tools, toolChoice } = params;
  return {
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(traceparent === undefined ? {} : { headers: { traceparent } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stopSequences: typeof stop === 'string' ? [stop] : stop }),
    ...(tools === undefined ? {} : { tools: tools.map(toolFor), toolChoice: choiceFor(toolChoice) }),
    ...formatFor(params.responseFormat),
  };
}

/** Settings that the SDK has no place for, or only some of its providers. */
function openaiSettings(params: ChatParams, provider: 'openai' | 'openai-compatible'): Json {
  const { logprobs, topLogprobs, parallelToolCalls, reasoningEffort, metadata } = params;
  return {
    ...(logprobs === undefined ? {} : { logprobs }),
    ...(topLogprobs === undefined ? {} : { top_logprobs: topLogprobs }),
    ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
    ...(reasoningEffort === undefined ? {} : { reasoning_effort: reasoningEffort }),
    ...(metadata === undefined || provider !== 'openai' ? {} : { metadata }),
  };
}

function toolFor({ function: { name, description, parameters, strict }, cache_control: mark }: ChatTool) {
  return {
    type: 'function' as const,
    name,
    inputSchema: (parameters as Schema | undefined) ?? NO_ARGUMENTS,
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
    ...(mark === undefined ? {} : { providerOptions: { anthropic: { cacheControl: { ...mark } } } }),
  };
}

function choiceFor(choice: ChatParams['toolChoice'] = 'auto'): NonNullable<Settings['toolChoice']> {
  return typeof choice === 'string' ? { type: choice } : { type: 'tool', toolName: choice.function.name };
}

function formatFor(format: ChatParams['responseFormat']): Pick<Settings, 'responseFormat' | 'providerOptions'> {
  switch (format?.type) {
    case undefined:
      return {};
    case 'text':
      return { responseFormat: { type: 'text' } };
    case 'json_object':
      return { responseFormat: { type: 'json' } };
    case 'json_schema': {
      const { name, description, schema, strict } = format.json_schema;
      const options = { strictJsonSchema: strict ?? false };
      return {
        responseFormat: {
          type: 'json',
          name,
          schema: schema as Schema,
          ...(description === undefined ? {} : { description }),
        },
        providerOptions: { openaiCompatible: options, openai: options },
      };
    }
  }
}

/** Anthropic has no mode for any JSON object: the answer is held to it as the arguments of a tool. */
function jsonForm({ responseFormat }: ChatParams, provider: string): Pick<Settings, 'responseFormat'> {
  if (provider !== 'anthropic' || responseFormat?.type !== 'json_object') return {};
  return { responseFormat: { type: 'json', schema: { type: 'object', additionalProperties: true } } };
}

function anthropicOptions({ responseFormat, parallelToolCalls }: ChatParams): Json {
  return {
    ...(responseFormat?.type === 'json_object' ? { structuredOutputMode: 'jsonTool' } : {}),
    ...(parallelToolCalls === undefined ? {} : { disableParallelToolUse: !parallelToolCalls }),
  };
}

/** The body with members of the caller's own; those of Google's `generationConfig` join the ones that are there. */
function merged(body: Json, options: Json): Json {
  const inner = options['generationConfig'];
  if (typeof inner !== 'object' || inner === null) return { ...body, ...options };
  return { ...body, ...options, generationConfig: { ...(body['generationConfig'] as object), ...inner } };
}

function renamed({ max_tokens: most, ...body }: Json, member = 'max_tokens'): Json {
  return most === undefined ? body : { ...body, [member]: most };
}
