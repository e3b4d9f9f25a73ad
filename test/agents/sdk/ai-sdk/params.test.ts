import type { LanguageModelV3CallOptions } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { paramsOf } from '../../../../agents/sdk/ai-sdk/params.js';
import { chatParams } from '../../../../syscalls/llm-chat.js';

const PROMPT: LanguageModelV3CallOptions['prompt'] = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look.' },
      { type: 'file', mediaType: 'image/*', data: new Uint8Array([1, 2, 255]) },
      { type: 'file', mediaType: 'image/png', data: new URL('https://example.com/a.png') },
      { type: 'file', mediaType: 'audio/mpeg', data: 'AAAA' },
      { type: 'file', mediaType: 'application/pdf', data: 'AAAA', filename: 'a.pdf' },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'One moment.' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: { at: 1 } },
      { type: 'tool-call', toolCallId: 'c2', toolName: 'see', input: undefined },
    ],
  },
  {
    role: 'tool',
    content: [
      { type: 'tool-result', toolCallId: 'c1', toolName: 'look', output: { type: 'json', value: { seen: 2 } } },
      {
        type: 'tool-result',
        toolCallId: 'c2',
        toolName: 'see',
        output: {
          type: 'content',
          value: [
            { type: 'text', text: 'this' },
            { type: 'image-data', data: 'AAAA', mediaType: 'image/jpeg' },
            { type: 'file-id', fileId: 'f' },
          ],
        },
      },
    ],
  },
];

test('a prompt becomes messages that the kernel takes', () => {
  const { params, warnings } = paramsOf({ prompt: PROMPT }, {});
  expect(chatParams.parse(params).messages).toEqual([
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look.' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AQL/' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
      ],
    },
    {
      role: 'assistant',
      content: 'One moment.',
      reasoning_content: 'Hm.',
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
        { id: 'c2', type: 'function', function: { name: 'see', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: '{"seen":2}' },
    {
      role: 'tool',
      tool_call_id: 'c2',
      content: [
        { type: 'text', text: 'this' },
        { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } },
      ],
    },
  ]);
  expect(warnings).toEqual([{ type: 'other', message: 'prompt: file-id of a tool result is not sent' }]);
});

test('settings become those of the kernel; those of the call come before those of the model', () => {
  const options: LanguageModelV3CallOptions = {
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    maxOutputTokens: 5,
    temperature: 0.5,
    topP: 0.9,
    topK: 3,
    presencePenalty: 1,
    frequencyPenalty: -1,
    seed: 7,
    stopSequences: ['end'],
    tools: [
      { type: 'function', name: 'look', description: 'Looks', strict: true, inputSchema: { type: 'object' } },
      { type: 'provider', id: 'openai.search', name: 'search', args: {} },
    ],
    toolChoice: { type: 'tool', toolName: 'look' },
    responseFormat: { type: 'json', name: 'seen', description: 'What', schema: { type: 'object' } },
    providerOptions: { eccos: { priority: 9 }, other: { x: 1 } },
  };
  const { params, warnings } = paramsOf(options, { priority: 1, task: 'math' });
  expect(chatParams.parse(params)).toEqual({
    messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    maxTokens: 5,
    temperature: 0.5,
    topP: 0.9,
    presencePenalty: 1,
    frequencyPenalty: -1,
    seed: 7,
    stop: ['end'],
    tools: [
      {
        type: 'function',
        function: { name: 'look', description: 'Looks', strict: true, parameters: { type: 'object' } },
      },
    ],
    toolChoice: { type: 'function', function: { name: 'look' } },
    responseFormat: {
      type: 'json_schema',
      json_schema: { name: 'seen', description: 'What', schema: { type: 'object' } },
    },
    priority: 9,
    task: 'math',
  });
  expect(warnings).toEqual([
    { type: 'unsupported', feature: 'topK' },
    { type: 'unsupported', feature: 'tool openai.search' },
  ]);
});

test('the address of a file that is no image is refused', () => {
  const data = new URL('https://example.com/a.pdf');
  const content = [{ type: 'file' as const, mediaType: 'application/pdf', data }];
  expect(() => paramsOf({ prompt: [{ role: 'user', content }] }, {})).toThrow(/expected the data of a file/);
});
