import type { LanguageModelV3Message, LanguageModelV3Prompt } from '@ai-sdk/provider';
import type { ChatMessage, ContentPart, ToolCall } from '../../../syscalls/chat-message.js';
import { SyscallError } from '../../../syscalls/errors.js';

type Turn<Role> = Extract<LanguageModelV3Message, { role: Role }>;
type UserPart = Turn<'user'>['content'][number];
type FilePart = Extract<UserPart, { type: 'file' }>;
type ToolResult = Extract<Turn<'tool'>['content'][number], { type: 'tool-result' }>;
type Output = ToolResult['output'];
type OutputPart = Extract<Output, { type: 'content' }>['value'][number];
type AudioFormat = Extract<ContentPart, { type: 'input_audio' }>['input_audio']['format'];

/** Receives a line for everything that is not sent. */
type Warn = (line: string) => void;

const AUDIO_FORMATS: Readonly<Record<string, AudioFormat>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/flac': 'flac',
  'audio/opus': 'opus',
  'audio/aac': 'aac',
  'audio/ogg': 'ogg',
};

/**
 * A prompt of the AI SDK as the messages of `llm.chat`.
 *
 * @throws SyscallError `invalid-params` for a file that no message can hold
 */
export function messagesOf(prompt: LanguageModelV3Prompt, warn: Warn): ChatMessage[] {
  return prompt.flatMap((turn) => messagesOfTurn(turn, warn));
}

function messagesOfTurn(turn: LanguageModelV3Message, warn: Warn): ChatMessage[] {
  switch (turn.role) {
    case 'system':
      return [{ role: 'system', content: turn.content }];
    case 'user':
      return turn.content.length === 0 ? [] : [{ role: 'user', content: turn.content.map(userPart) }];
    case 'assistant':
      return [assistantMessage(turn, warn)];
    case 'tool':
      return turn.content.flatMap((part) => (part.type === 'tool-result' ? [toolMessage(part, warn)] : []));
  }
}

function assistantMessage({ content }: Turn<'assistant'>, warn: Warn): ChatMessage {
  let [text, thought] = ['', ''];
  const calls: ToolCall[] = [];
  for (const part of content) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'reasoning') thought += part.text;
    else if (part.type === 'tool-call') {
      const { toolCallId: id, toolName: name, input } = part;
      calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } });
    } else warn(`prompt: ${part.type} of an assistant message is not sent`);
  }
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function toolMessage({ toolCallId, output }: ToolResult, warn: Warn): ChatMessage {
  return { role: 'tool', tool_call_id: toolCallId, content: contentOf(output, warn) };
}

function contentOf(output: Output, warn: Warn): string | ContentPartOfTool[] {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value;
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value);
    case 'execution-denied':
      return output.reason ?? 'The call of the tool was denied';
    case 'content': {
      const parts = output.value.flatMap((part) => outputPart(part, warn));
      return parts.length === 0 ? '' : parts;
    }
  }
}

type ContentPartOfTool = Exclude<ContentPart, { type: 'refusal' }>;

function outputPart(part: OutputPart, warn: Warn): ContentPartOfTool[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'image-data':
    case 'file-data':
      return [userPart({ ...part, type: 'file' })];
    case 'image-url':
      return [{ type: 'image_url', image_url: { url: part.url } }];
    default:
      warn(`prompt: ${part.type} of a tool result is not sent`);
      return [];
  }
}

function userPart(part: UserPart): ContentPartOfTool {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { mediaType, filename } = part;
  if (mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url: urlOf(part, 'image/png') } };
  if (part.data instanceof URL) {
    throw new SyscallError('invalid-params', `prompt: expected the data of a file of ${mediaType}, got its address`);
  }
  const format = AUDIO_FORMATS[mediaType];
  if (format !== undefined) return { type: 'input_audio', input_audio: { data: base64Of(part.data), format } };
  const file_data = urlOf(part, 'application/octet-stream');
  return { type: 'file', file: { file_data, ...(filename === undefined ? {} : { filename }) } };
}

/** @param unknown stands for a media type with a star */
function urlOf({ data, mediaType }: FilePart, unknown: string): string {
  if (data instanceof URL) return data.href;
  return `data:${mediaType.endsWith('/*') ? unknown : mediaType};base64,${base64Of(data)}`;
}

function base64Of(data: Uint8Array | string): string {
  if (typeof data === 'string') return data;
  let bytes = '';
  for (const byte of data) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
