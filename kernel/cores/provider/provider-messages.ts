import { type ChatMessage, type ChatParams, messageText, type ToolCall } from '../../../syscalls/llm-chat.js';
import type { CoreRequest } from '../core.js';
import type { ProviderCall, ProviderPart } from './provider-models.js';

type Prompt = ProviderCall['prompt'];
type Schema = Extract<NonNullable<ProviderCall['tools']>[number], { type: 'function' }>['inputSchema'];

/** A request in the SDK's words. */
export function providerCall({ params, prefix, maxTokens }: CoreRequest, abortSignal: AbortSignal): ProviderCall {
  const { messages, temperature, tools, responseFormat } = params;
  const prompt = promptFor(messages);
  if (prefix !== '') prompt.push({ role: 'assistant', content: [{ type: 'text', text: prefix }] });
  return {
    prompt,
    abortSignal,
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(tools === undefined ? {} : { tools: tools.map(toolFor), toolChoice: { type: 'auto' } }),
    ...(responseFormat === undefined ? {} : formatFor(responseFormat)),
  };
}

/** A finished tool call, in OpenAI's form. */
export function toolCallOf({ toolCallId, toolName, input }: Extract<ProviderPart, { type: 'tool-call' }>): ToolCall {
  return { id: toolCallId, type: 'function', function: { name: toolName, arguments: input } };
}

function promptFor(messages: readonly ChatMessage[]): Prompt {
  const toolNames = new Map<string, string>();
  const prompt: Prompt = [];
  for (const message of messages) {
    const text = messageText(message);
    switch (message.role) {
      case 'system':
        prompt.push({ role: 'system', content: text });
        break;
      case 'user':
        prompt.push({ role: 'user', content: [{ type: 'text', text }] });
        break;
      case 'assistant': {
        const calls = message.tool_calls ?? [];
        for (const call of calls) toolNames.set(call.id, call.function.name);
        const said = text === '' ? [] : [{ type: 'text' as const, text }];
        prompt.push({ role: 'assistant', content: [...said, ...calls.map(toolCallFor)] });
        break;
      }
      case 'tool': {
        const { tool_call_id: toolCallId } = message;
        const toolName = toolNames.get(toolCallId) ?? 'unknown';
        const output = { type: 'text' as const, value: text };
        prompt.push({ role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] });
      }
    }
  }
  return prompt;
}

function toolCallFor({ id, function: { name, arguments: text } }: ToolCall) {
  return { type: 'tool-call' as const, toolCallId: id, toolName: name, input: argumentsOf(text) };
}

/** The SDK wants arguments decoded. What a model wrote wrongly goes back to it as the text that it was. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toolFor({ function: { name, description, parameters } }: NonNullable<ChatParams['tools']>[number]) {
  const inputSchema = parameters as Schema;
  return { type: 'function' as const, name, inputSchema, ...(description === undefined ? {} : { description }) };
}

function formatFor(
  format: NonNullable<ChatParams['responseFormat']>,
): Pick<ProviderCall, 'responseFormat' | 'providerOptions'> {
  switch (format.type) {
    case 'text':
      return { responseFormat: { type: 'text' } };
    case 'json_object':
      return { responseFormat: { type: 'json' } };
    case 'json_schema': {
      const { name, schema, strict } = format.json_schema;
      const options = { strictJsonSchema: strict ?? false };
      return {
        responseFormat: { type: 'json', name, schema: schema as Schema },
        providerOptions: { openaiCompatible: options, openai: options },
      };
    }
  }
}
