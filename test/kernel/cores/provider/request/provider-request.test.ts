import { describe, expect, test } from 'vitest';
import { type ChatParams, chatParams } from '../../../../../syscalls/llm-chat.js';
import { anthropic, anthropicText, completion, events, google } from '../../../../support/raw-provider.js';
import { answerOf, raw } from '../raw-world.js';

const OK: Readonly<Record<string, object[]>> = {
  anthropic: anthropic([anthropicText('{}')]),
  google: [google([{ text: '{}' }])],
  openai: completion('{}'),
  'openai-compatible': completion('{}'),
};
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const PDF = 'data:application/pdf;base64,JVBERi0=';

/** The body of the request, and the warnings of the answer. */
async function sent(provider: string, params: Partial<ChatParams>, config: object = {}) {
  const { core, provider: fake } = await raw((response) => events(response, OK[provider] ?? [], { done: true }), {
    provider,
    ...config,
  });
  const checked = chatParams.parse({ messages: [{ role: 'user', content: 'hi' }], ...params });
  const { warnings = [] } = await answerOf(core, checked);
  return { body: fake.requests[0]?.body, warnings: warnings.filter((line) => !line.startsWith('maxOutputTokens')) };
}

const TOOLS: ChatParams['tools'] = [
  { type: 'function', function: { name: 'now', description: 'the time' } },
  {
    type: 'function',
    function: { name: 'get', parameters: { type: 'object', properties: { a: { type: 'string' } } }, strict: true },
  },
];

describe('settings', () => {
  const params: Partial<ChatParams> = {
    temperature: 0.5,
    topP: 0.9,
    stop: ['END', 'X'],
    seed: 7,
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
    maxTokens: 50,
  };

  test.each(['openai', 'openai-compatible'])('reach %s', async (provider) => {
    const { body, warnings } = await sent(provider, {
      ...params,
      logprobs: true,
      topLogprobs: 2,
      reasoningEffort: 'low',
      tools: TOOLS,
      toolChoice: 'required',
      parallelToolCalls: false,
      metadata: { run: '1' },
    });
    expect(body).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', 'X'],
      seed: 7,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      max_tokens: 50,
      logprobs: true,
      top_logprobs: 2,
      reasoning_effort: 'low',
      tool_choice: 'required',
      parallel_tool_calls: false,
      tools: [
        { type: 'function', function: { name: 'now', description: 'the time', parameters: { type: 'object' } } },
        { type: 'function', function: { name: 'get', strict: true } },
      ],
    });
    expect('metadata' in body).toBe(provider === 'openai');
    expect(warnings).toEqual([]);
  });

  test('reach Anthropic, and what it has no place for is said', async () => {
    const { topP: _, ...rest } = params;
    const { body, warnings } = await sent('anthropic', {
      ...rest,
      tools: TOOLS,
      toolChoice: { type: 'function', function: { name: 'get' } },
      parallelToolCalls: false,
    });
    expect(body).toMatchObject({
      temperature: 0.5,
      stop_sequences: ['END', 'X'],
      max_tokens: 50,
      tool_choice: { type: 'tool', name: 'get', disable_parallel_tool_use: true },
    });
    expect(warnings.map((line) => line.split(':')[0]).sort()).toEqual([
      'frequencyPenalty',
      'presencePenalty',
      'seed',
      'strict',
    ]);
  });

  test('reach Google', async () => {
    const { body } = await sent('google', { ...params, tools: TOOLS, toolChoice: 'none', reasoningEffort: 'low' });
    expect(body).toMatchObject({
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        stopSequences: ['END', 'X'],
        seed: 7,
        maxOutputTokens: 50,
        thinkingConfig: { thinkingBudget: 1024 },
      },
      toolConfig: { functionCallingConfig: { mode: 'NONE' } },
    });
  });

  test('one stop text is a list of one', async () => {
    expect((await sent('openai-compatible', { stop: 'END' })).body.stop).toEqual(['END']);
  });

  test('temperature on a reasoning model is dropped by its API, and said', async () => {
    const { body, warnings } = await sent('openai', { temperature: 0.5, maxTokens: 9 }, { model: 'o3' });
    expect(body.temperature).toBe(undefined);
    expect(body.max_completion_tokens).toBe(9);
    expect(warnings.join()).toMatch(/temperature/);
  });
});

describe('thinking', () => {
  test('never takes more than maxTokens together with the answer', async () => {
    const { body } = await sent('anthropic', { reasoningEffort: 'high', maxTokens: 4000 });
    expect(body).toMatchObject({ max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } });
  });

  test('that does not fit is said', async () => {
    const { body, warnings } = await sent('anthropic', { reasoningEffort: 'low', maxTokens: 500 });
    expect(body.thinking).toBe(undefined);
    expect(warnings.join()).toMatch(/reasoningEffort/);
  });

  test('is a level at Gemini 3', async () => {
    const { body } = await sent('google', { reasoningEffort: 'high' }, { model: 'gemini-3-pro' });
    expect(body.generationConfig.thinkingConfig).toEqual({ thinkingLevel: 'high', includeThoughts: true });
  });
});

describe('a response format', () => {
  const format: ChatParams['responseFormat'] = {
    type: 'json_schema',
    json_schema: {
      name: 's',
      description: 'a thing',
      schema: { type: 'object', properties: {}, additionalProperties: false },
      strict: true,
    },
  };

  test.each(['openai', 'openai-compatible'])('keeps name, description and strict at %s', async (provider) => {
    expect((await sent(provider, { responseFormat: format })).body.response_format).toEqual(format);
  });

  test('of any JSON object is held to at Anthropic as the arguments of a tool', async () => {
    const { body, warnings } = await sent('anthropic', { responseFormat: { type: 'json_object' } });
    expect(body.tools).toMatchObject([{ name: 'json', input_schema: { type: 'object' } }]);
    expect(body.tool_choice).toMatchObject({ type: 'any' });
    expect(warnings).toEqual([]);
  });

  test('of any JSON object is a mode at Google', async () => {
    expect(
      (await sent('google', { responseFormat: { type: 'json_object' } })).body.generationConfig.responseMimeType,
    ).toBe('application/json');
  });
});

describe('messages', () => {
  const media: ChatParams['messages'] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what is this?' },
        { type: 'image_url', image_url: { url: PNG, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } },
        { type: 'file', file: { file_data: PDF, filename: 'a.pdf' } },
      ],
    },
  ];

  test.each(['openai', 'openai-compatible'])('with images and files go to %s as they came', async (provider) => {
    expect((await sent(provider, { messages: media })).body.messages).toEqual(media);
  });

  test('with images and files go to Anthropic in its form', async () => {
    const { body } = await sent('anthropic', { messages: media });
    expect(body.messages[0].content).toMatchObject([
      { type: 'text' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png' } },
      { type: 'image', source: { type: 'url', url: 'https://pictures.example/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf' } },
    ]);
  });

  test('with images and audio go to Google in its form', async () => {
    const audio = { type: 'input_audio' as const, input_audio: { data: 'AAAA', format: 'mp3' as const } };
    const content = [{ type: 'image_url' as const, image_url: { url: PNG } }, audio];
    const { body } = await sent('google', { messages: [{ role: 'user', content }] });
    expect(body.contents[0].parts).toMatchObject([
      { inlineData: { mimeType: 'image/png' } },
      { inlineData: { mimeType: 'audio/mpeg', data: 'AAAA' } },
    ]);
  });

  test('of a tool may hold an image', async () => {
    const call = { id: 'c1', type: 'function' as const, function: { name: 'shot', arguments: '{}' } };
    const messages: ChatParams['messages'] = [
      { role: 'user', content: 'look' },
      { role: 'assistant', content: null, tool_calls: [call] },
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: [
          { type: 'text', text: 'here' },
          { type: 'image_url', image_url: { url: PNG } },
        ],
      },
    ];
    const { body } = await sent('anthropic', { messages });
    expect(body.messages[2].content[0].content).toMatchObject([
      { type: 'text' },
      { type: 'image', source: { media_type: 'image/png' } },
    ]);
  });

  test.each([
    'anthropic',
    'google',
  ])('of the system alone, or in the middle, are put in a form that %s takes, and said', async (provider) => {
    const listOf = (body: Record<string, unknown>) => (body['messages'] ?? body['contents']) as { role: string }[];
    const alone = await sent(provider, { messages: [{ role: 'system', content: 'Write a haiku.' }] });
    expect(listOf(alone.body).map(({ role }) => role)).toEqual(['user']);
    expect(alone.warnings.length).toBe(1);
    const two = await sent(provider, {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Write a haiku.' },
      ],
    });
    expect(JSON.stringify(two.body)).toMatch(/Be brief.*Write a haiku|Write a haiku.*Be brief/s);
    const middle = await sent(provider, {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'b' },
      ],
    });
    expect(JSON.stringify(listOf(middle.body))).toContain('be brief');
    expect(middle.warnings).toEqual([expect.stringMatching(/^messages\.1: sent as a user message/)]);
  });

  test('may mark what the provider’s cache is to keep', async () => {
    const mark = { type: 'ephemeral' as const, ttl: '1h' as const };
    const { body } = await sent('anthropic', {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'long', cache_control: mark }] },
        { role: 'user', content: [{ type: 'text', text: 'q', cache_control: { type: 'ephemeral' } }] },
      ],
      tools: [{ type: 'function', function: { name: 'now' }, cache_control: { type: 'ephemeral' } }],
    });
    expect(body.system[0].cache_control).toEqual(mark);
    expect(body.messages[0].content[0].cache_control).toEqual({ type: 'ephemeral' });
    expect(body.tools[0].cache_control).toEqual({ type: 'ephemeral' });
  });
});

describe('options in the provider’s own words', () => {
  const providerOptions: ChatParams['providerOptions'] = {
    openai: { service_tier: 'flex', logit_bias: { 50256: -100 } },
    'openai-compatible': { chat_template_kwargs: { enable_thinking: false } },
    anthropic: { top_k: 5 },
    google: { safetySettings: [], generationConfig: { topK: 5 } },
  };

  test.each([
    ['openai', { service_tier: 'flex', logit_bias: { 50256: -100 } }],
    ['openai-compatible', { chat_template_kwargs: { enable_thinking: false } }],
    ['anthropic', { top_k: 5 }],
    ['google', { safetySettings: [], generationConfig: { topK: 5, temperature: 1 } }],
  ])('are sent to %s alone', async (provider, expected) => {
    const { body } = await sent(provider, { providerOptions, temperature: 1 });
    expect(body).toMatchObject(expected);
  });

  test.each([
    [{ openai: { model: 'gpt-9' } }, 'model'],
    [{ anthropic: { max_tokens: 1 } }, 'max_tokens'],
    [{ google: { generationConfig: { maxOutputTokens: 1 } } }, 'maxOutputTokens'],
    [{ 'openai-compatible': { n: 5 } }, 'n'],
    [{ bedrock: {} }, 'bedrock'],
  ])('%j is refused: the kernel chooses the model and what a call may cost', (options, key) => {
    const { error } = chatParams.safeParse({ messages: [{ role: 'user', content: 'hi' }], providerOptions: options });
    expect(JSON.stringify(error?.issues)).toContain(key);
  });
});

describe('params that are refused', () => {
  test.each<[object, string, RegExp]>([
    [{ toolChoice: 'required' }, 'toolChoice', /tools/],
    [{ toolChoice: { type: 'function', function: { name: 'x' } }, tools: TOOLS }, 'toolChoice', /name of one/],
    [{ topLogprobs: 2 }, 'topLogprobs', /logprobs/],
    [{ stop: [] }, 'stop', /./],
    [{ seed: 1.5 }, 'seed', /int/],
    [{ reasoningEffort: 'much' }, 'reasoningEffort', /"high"/],
    [{ metadata: { a: 1 } }, 'metadata', /string/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
      'messages',
      /./,
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }, 'messages', /./],
  ])('%j', (params, field, message) => {
    const { error } = chatParams.safeParse({ messages: [{ role: 'user', content: 'hi' }], ...params });
    const [issue] = error?.issues ?? [];
    expect(String(issue?.path[0])).toBe(field);
    expect(issue?.message).toMatch(message);
  });
});
