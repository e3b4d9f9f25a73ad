import { createHash } from 'node:crypto';
import {
  type ChatMessage,
  type ContentPart,
  messageText,
  partsOf,
  type ReasoningDetail,
  type ToolCall,
} from '../../../../syscalls/chat-message.js';
import type { ProviderCall } from '../model/provider-models.js';

type Prompt = ProviderCall['prompt'];
type Turn = Prompt[number];
type UserPart = Extract<Turn, { role: 'user' }>['content'][number];
type AssistantPart = Extract<Turn, { role: 'assistant' }>['content'][number];
type ToolPart = Extract<Turn, { role: 'tool' }>['content'][number];
type Options = NonNullable<Turn['providerOptions']>;
type Media = Exclude<ContentPart, { type: 'text' | 'refusal' }>;

/** The providers whose own form of a conversation is not OpenAI's. */
export type PromptProvider = 'anthropic' | 'google';

/** Ids that Anthropic takes for a call of a tool. */
const ANTHROPIC_ID = /^[\w-]+$/;
const AUDIO_TYPE: Readonly<Record<string, string>> = { mp3: 'audio/mpeg' };

/**
 * A conversation in the SDK's form, for a provider that takes system messages at the start only, and at least one other
 * message.
 *
 * @param warn receives a line for everything that is not sent as it came
 */
export function sdkPrompt(
  messages: readonly ChatMessage[],
  provider: PromptProvider,
  warn: (line: string) => void,
): Prompt {
  const toolNames = new Map<string, string>();
  const prompt: Prompt = [];
  const isSystem = (message: ChatMessage) => message.role === 'system' || message.role === 'developer';
  const firstOther = messages.findIndex((message) => !isSystem(message));
  for (const [index, message] of messages.entries()) {
    if (message.name !== undefined) warn(`messages.${index}.name: not sent, ${provider} has no names`);
    const marked = markOf(message.cache_control);
    switch (message.role) {
      case 'system':
      case 'developer': {
        const isLastOfAll = firstOther < 0 && index === messages.length - 1;
        if (!isLastOfAll && (firstOther < 0 || index < firstOther)) {
          for (const { text, mark } of markedTexts(message)) prompt.push({ role: 'system', content: text, ...mark });
          break;
        }
        const why = isLastOfAll ? 'needs one' : 'takes system messages at the start only';
        warn(`messages.${index}: sent as a user message, ${provider} ${why}`);
        prompt.push({ role: 'user', content: [{ type: 'text', text: messageText(message) }] });
        break;
      }
      case 'user':
        prompt.push({ role: 'user', content: partsOf(message).map(userPart), ...(marked ?? {}) });
        break;
      case 'assistant':
        for (const call of message.tool_calls ?? []) toolNames.set(call.id, call.function.name);
        prompt.push({ role: 'assistant', content: assistantParts(message, provider), ...(marked ?? {}) });
        break;
      case 'tool': {
        const { tool_call_id: id } = message;
        const toolName = toolNames.get(id) ?? message.name ?? 'unknown';
        const result: ToolPart = {
          type: 'tool-result',
          toolCallId: idFor(id, provider),
          toolName,
          output: outputOf(message),
        };
        const mark = marked ?? markOf(lastMark(message));
        const part = { ...result, ...(mark ?? {}) };
        const last = prompt.at(-1);
        // Results of calls that were made together go back together: Google refuses them one by one.
        if (last?.role === 'tool') prompt[prompt.length - 1] = { ...last, content: [...last.content, part] };
        else prompt.push({ role: 'tool', content: [part] });
      }
    }
  }
  return prompt;
}

function userPart(part: ContentPart): UserPart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal };
  const mark = markOf(part.cache_control) ?? {};
  if (part.type === 'text') return { type: 'text', text: part.text, ...mark };
  return { ...fileOf(part), ...mark };
}

/** A part that is no text, as the SDK has all of them: a file of a media type. */
function fileOf(part: Media): Extract<UserPart, { type: 'file' }> {
  switch (part.type) {
    case 'image_url': {
      const { url } = part.image_url;
      if (!url.startsWith('data:')) return { type: 'file', mediaType: 'image/*', data: new URL(url) };
      return { type: 'file', ...decodeDataUrl(url) };
    }
    case 'input_audio': {
      const { data, format } = part.input_audio;
      return { type: 'file', mediaType: AUDIO_TYPE[format] ?? `audio/${format}`, data };
    }
    case 'file': {
      const { file_data: data, filename } = part.file;
      if (data === undefined) throw new TypeError('a file_id is known to one provider of OpenAI’s form only');
      return { type: 'file', ...decodeDataUrl(data), ...(filename === undefined ? {} : { filename }) };
    }
  }
}

function decodeDataUrl(url: string): { readonly mediaType: string; readonly data: string } {
  const comma = url.indexOf(',');
  return { mediaType: url.slice('data:'.length, url.indexOf(';')), data: url.slice(comma + 1) };
}

function assistantParts(
  message: Extract<ChatMessage, { role: 'assistant' }>,
  provider: PromptProvider,
): AssistantPart[] {
  const details = (message.reasoning_details ?? []).filter(({ format }) => format === provider);
  const thoughts = details.filter(({ of }) => of !== 'text').map((detail) => thoughtPart(detail, provider));
  const signature = details.find(({ of }) => of === 'text')?.data;
  const text = messageText(message) || (message.refusal ?? '');
  const signed = signature === undefined || signature === null ? {} : signedBy(provider, signature);
  const texts = markedTexts(message).map(({ text, mark }) => ({ type: 'text' as const, text, ...mark }));
  // Blank text beside calls is refused.
  const isSaid = text.trim() !== '' || 'providerOptions' in signed;
  const hasMarks = texts.some((one) => 'providerOptions' in one);
  const said = !isSaid ? [] : hasMarks ? texts : [{ type: 'text' as const, text, ...signed }];
  return [...thoughts, ...said, ...(message.tool_calls ?? []).map((call) => toolCallPart(call, provider))];
}

function thoughtPart(detail: ReasoningDetail, provider: PromptProvider): AssistantPart {
  const { text, data, signature } = detail;
  const known = typeof data === 'string' ? { redactedData: data } : typeof signature === 'string' ? { signature } : {};
  const options: Options =
    provider === 'anthropic' ? { anthropic: known } : typeof signature === 'string' ? google(signature) : {};
  return { type: 'reasoning', text: text ?? '', providerOptions: options };
}

function toolCallPart(call: ToolCall, provider: PromptProvider): AssistantPart {
  const { id, function: fn, extra_content: extra } = call;
  const signature = (extra?.['google'] as { readonly thought_signature?: unknown } | undefined)?.thought_signature;
  return {
    type: 'tool-call',
    toolCallId: idFor(id, provider),
    toolName: fn.name,
    input: argumentsOf(fn.arguments),
    ...(typeof signature === 'string' && provider === 'google' ? signedBy('google', signature) : {}),
  };
}

const google = (thoughtSignature: string): Options => ({ google: { thoughtSignature } });

function signedBy(provider: PromptProvider, signature: string): { readonly providerOptions?: Options } {
  return provider === 'google' ? { providerOptions: google(signature) } : {};
}

/** Arguments have to be an object. Empty ones are none; what a model wrote wrongly goes back to it in one. */
function argumentsOf(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Goes back as it is, below.
  }
  return { arguments: text };
}

function idFor(id: string, provider: PromptProvider): string {
  if (provider !== 'anthropic' || ANTHROPIC_ID.test(id)) return id;
  // Another model's id: the same for the call and its result, and no two alike.
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

function outputOf(
  message: Extract<ChatMessage, { role: 'tool' }>,
): ToolPart extends infer Part
  ? Part extends { readonly type: 'tool-result'; readonly output: infer Output }
    ? Output
    : never
  : never {
  const parts = partsOf(message);
  if (parts.every(({ type }) => type === 'text')) return { type: 'text', value: messageText(message) };
  return {
    type: 'content',
    value: parts.map((part) => {
      if (part.type === 'text') return { type: 'text' as const, text: part.text };
      if (part.type === 'refusal') return { type: 'text' as const, text: part.refusal };
      const { data, mediaType } = fileOf(part);
      if (data instanceof URL) return { type: 'image-url' as const, url: String(data) };
      const kind = mediaType.startsWith('image/') ? ('image-data' as const) : ('file-data' as const);
      return { type: kind, data: data as string, mediaType };
    }),
  };
}

type Mark = ChatMessage['cache_control'];

function markOf(mark: Mark): { readonly providerOptions: Options } | undefined {
  return mark === undefined ? undefined : { providerOptions: { anthropic: { cacheControl: { ...mark } } } };
}

/** The mark of the last part of a message, which stands for the whole where the SDK has no parts. */
function lastMark(message: ChatMessage): Mark {
  const last = partsOf(message).at(-1);
  return last !== undefined && 'cache_control' in last ? last.cache_control : undefined;
}

/** The texts of a message, apart where one of them has a mark. */
function markedTexts(message: ChatMessage): readonly { readonly text: string; readonly mark: object }[] {
  const parts = partsOf(message).flatMap((part) => (part.type === 'text' ? [part] : []));
  const whole = markOf(message.cache_control);
  if (whole !== undefined || !parts.some(({ cache_control: mark }) => mark !== undefined)) {
    return [{ text: messageText(message), mark: whole ?? {} }];
  }
  return parts.map(({ text, cache_control: mark }) => ({ text, mark: markOf(mark) ?? {} }));
}
