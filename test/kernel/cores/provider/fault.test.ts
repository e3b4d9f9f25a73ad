import { describe, expect, test } from 'vitest';
import { faultInAnswer, faultOfResponse } from '../../../../kernel/cores/provider/faults/fault.js';
import { chunk, events, json } from '../../../support/raw-provider.js';
import { errorOf } from '../ask.js';
import { answerOf, raw } from './raw-world.js';

const of = (status: number, error: object | string, headers: Record<string, string> = {}) =>
  faultOfResponse(status, new Headers(headers), typeof error === 'string' ? error : JSON.stringify({ error }), 0);
const classOf = (status: number, error: object | string) => of(status, error).details.class;

describe('whose fault it is', () => {
  test.each<[string, number, object | string, string]>([
    ['a bad request', 400, { message: 'messages: at least one is needed' }, 'request'],
    ['a prompt that is too long', 400, { message: 'x', code: 'context_length_exceeded' }, 'request'],
    [
      'a prompt that is too long, by a server error',
      500,
      { message: 'maximum context length is 4096 tokens' },
      'request',
    ],
    ['too large', 413, 'Payload too large', 'request'],
    ['not valid', 422, { detail: [{ loc: ['body', 'n'], msg: 'field required' }] }, 'request'],
    [
      'a parameter that is not supported',
      404,
      { message: 'No endpoints found that support tool use', code: 404 },
      'request',
    ],
    ['a parameter by name', 404, { message: 'not found', param: 'previous_response_id' }, 'request'],
    ['a file that is not there', 404, { message: 'No such file object: file-1' }, 'request'],
    ['flagged by moderation', 403, { message: 'Your input was flagged', metadata: {} }, 'request'],
    ['content that is forbidden', 400, { message: 'x', code: 'content_policy_violation' }, 'request'],
    ['too many requests', 429, 'slow down', 'overload'],
    ['no money left', 429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }, 'overload'],
    ['no money left, by a bad request', 400, { message: 'Your credit balance is too low' }, 'overload'],
    ['payment required', 402, { message: 'Payment required' }, 'overload'],
    ['overloaded', 529, { type: 'overloaded_error', message: 'Overloaded' }, 'overload'],
    ['overloaded, by another status', 503, { message: 'The model is overloaded.' }, 'overload'],
    ['a server error', 500, 'oops', 'provider'],
    ['a bad gateway with a page', 502, '<html>Bad gateway</html>', 'provider'],
    ['not available', 503, '', 'provider'],
    ['a wrong key', 401, { message: 'Incorrect API key provided' }, 'config'],
    ['a wrong key, by a bad request', 400, { message: 'API key not valid.', status: 'INVALID_ARGUMENT' }, 'config'],
    ['no permission', 403, { type: 'permission_error', message: 'not allowed for this workspace' }, 'config'],
    [
      'a model that does not exist',
      404,
      { message: 'The model `gpt-9` does not exist', code: 'model_not_found' },
      'config',
    ],
    ['a model that does not exist, Anthropic', 404, { type: 'not_found_error', message: 'model: claude-9' }, 'config'],
    [
      'a model that does not exist, Google',
      404,
      { message: 'models/x is not found for API version v1beta, or is not supported' },
      'config',
    ],
    ['a model that does not exist, by a bad request', 400, { message: 'invalid model ID' }, 'config'],
    ['a wrong address', 404, { detail: 'Not Found' }, 'config'],
    ['a wrong method', 405, '', 'config'],
    [
      'a file that the key may not read',
      403,
      { message: 'You do not have permission to access the File abc or it may not exist' },
      'request',
    ],
    ['a firewall’s page', 403, '<html>Blocked</html>', 'request'],
    [
      'a path with a word of the caller’s',
      400,
      {
        message:
          '* GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[billing].items: missing field.',
      },
      'request',
    ],
    [
      'another path',
      400,
      { message: 'tools.0.input_schema.properties.model: value does not exist in enum' },
      'request',
    ],
    [
      'more tokens than the account can pay',
      402,
      { message: 'This request requires more credits, or fewer max_tokens. You can only afford 3000' },
      'request',
    ],
    [
      'a request that no minute has room for',
      429,
      { message: 'Request too large for m: Limit 30000, Requested 40000' },
      'request',
    ],
    [
      'a model with a dot in its name',
      404,
      {
        message: 'models/gemini-1.5-pro is not found for API version v1beta, or is not supported for generateContent.',
      },
      'config',
    ],
    ['Bedrock’s unknown model', 400, { message: 'The provided model identifier is invalid.' }, 'config'],
    [
      'LiteLLM’s unknown model',
      400,
      { message: "{'error': '/chat/completions: Invalid model name passed in model=x.'}", param: 'None' },
      'config',
    ],
  ])('%s', (_, status, error, expected) => {
    expect(classOf(status, error)).toBe(expected);
  });

  test('what is quoted in a message may be the caller’s, and decides nothing', () => {
    expect(
      classOf(400, { message: 'Invalid value: "invalid api key, model does not exist, insufficient quota"' }),
    ).toBe('request');
    expect(classOf(400, { message: 'model does not exist', param: 'messages[0].content' })).toBe('request');
    expect(classOf(400, { message: 'Unsupported value: `temperature` does not support 0.2 with this model.' })).toBe(
      'request',
    );
  });

  test('only what is the caller’s own is rejected, the rest may be tried again', () => {
    expect(of(400, 'x')).toMatchObject({ code: 'core-rejected', retryable: false });
    for (const status of [401, 429, 500])
      expect(of(status, 'x')).toMatchObject({ code: 'core-failed', retryable: true });
  });
});

const DATE = (ms: number) => new Date(ms).toUTCString();

describe('the pause that a provider asks for', () => {
  test.each<[string, Record<string, string>, object, number | undefined]>([
    ['seconds', { 'retry-after': '2' }, {}, 2000],
    ['a fraction', { 'retry-after': '0.4' }, {}, 400],
    ['milliseconds', { 'retry-after-ms': '350', 'retry-after': '9' }, {}, 350],
    ['a date', { 'retry-after': new Date(5_000).toUTCString() }, {}, 5000],
    ['nonsense', { 'retry-after': 'soon' }, {}, undefined],
    [
      'Google’s body',
      {},
      { details: [{ '@type': 'x' }, { '@type': 'RetryInfo', retryDelay: '1.908547446s' }] },
      1908.547446,
    ],
    ['words', {}, { message: 'Rate limit reached. Please try again in 6m1.5s.' }, 361_500],
    ['words in milliseconds', {}, { message: 'Please try again in 20ms' }, 20],
    ['whole words', {}, { message: 'Try again in 2 minutes' }, 120_000],
    ['a negative number', { 'retry-after': '-1' }, {}, undefined],
    ['a duration', { 'retry-after': '20s' }, {}, 20_000],
    ['a member of the body', {}, { retry_after: 3 }, 3000],
    ['words to wait', {}, { message: 'Please wait 20 seconds' }, 20_000],
    ['the longer reset', { 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }, {}, 360_000],
    ['a year', { 'retry-after': '31536000' }, {}, 31_536_000_000],
    ['a date by a clock that is an hour ahead', { date: DATE(3_600_000), 'retry-after': DATE(3_605_000) }, {}, 5000],
    ['a date by a clock that is a day behind', { date: DATE(0), 'retry-after': DATE(7_000) }, {}, 7000],
    ['a date in the past', { date: DATE(9_000), 'retry-after': DATE(2_000) }, {}, 0],
    ['a date beside a date that is none', { date: 'yesterday', 'retry-after': DATE(5_000) }, {}, 5000],
  ])('%s', (_, headers, error, expected) => {
    expect(of(429, { message: 'too many', ...error }, headers).retryAfterMs).toBe(expected);
  });

  test('is a minute where the account has no money and nothing is said', () => {
    expect(of(429, { code: 'insufficient_quota', message: 'quota' }).retryAfterMs).toBe(60_000);
  });
});

describe('an error in an answer of status 200', () => {
  test.each<[string, object, string, number | undefined]>([
    ['a number for a code', { message: 'too long', code: 400 }, 'request', 400],
    ['a code as text', { message: 'no', code: '503' }, 'provider', 503],
    ['OpenAI’s type', { message: 'no', type: 'invalid_request_error' }, 'request', 400],
    ['OpenAI’s code', { message: 'no', type: 'x', code: 'rate_limit_exceeded' }, 'overload', 429],
    ['Anthropic’s type', { type: 'overloaded_error', message: 'no' }, 'overload', 529],
    ['Google’s status', { status: 'PERMISSION_DENIED', message: 'no' }, 'config', 403],
    ['nothing that is known', { message: 'something happened' }, 'provider', undefined],
  ])('means what its status would: %s', (_, error, faultClass, status) => {
    const fault = faultInAnswer(error as Record<string, unknown>);
    expect(fault.details).toEqual({ class: faultClass, ...(status === undefined ? {} : { status }) });
  });

  const refused = { message: 'the prompt is too long', type: 'invalid_request_error', code: 400 };
  test.each<[string, Parameters<typeof raw>[0], object]>([
    ['as the body', (response) => json(response, 200, { error: refused }), {}],
    ['as an event', (response) => events(response, [{ error: refused }]), {}],
    [
      'after some text',
      (response) => events(response, [chunk({ content: 'a' }), { error: refused }], { done: true }),
      {},
    ],
    ['beside choices', (response) => events(response, [{ ...chunk({}, 'error'), error: refused }], { done: true }), {}],
    [
      'without a name for it',
      (response) => json(response, 200, { object: 'error', message: 'no', type: 'BadRequestError', code: 400 }),
      {},
    ],
    [
      'of Anthropic',
      (response) => events(response, [{ type: 'error', error: { type: 'invalid_request_error', message: 'no' } }]),
      { provider: 'anthropic' },
    ],
    [
      'of Google',
      (response) => events(response, [{ error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } }]),
      { provider: 'google' },
    ],
    [
      'of Google in a list',
      (response) => json(response, 200, [{ error: { code: 400, message: 'no' } }]),
      { provider: 'google' },
    ],
  ])('is found %s', async (_, answer, config) => {
    const { core, provider } = await raw(answer, config);
    expect(await errorOf(answerOf(core))).toMatchObject({
      code: 'core-rejected',
      details: { class: 'request', status: 400 },
    });
    expect(provider.requests.length).toBe(1);
  });

  test('an error of null is not one', async () => {
    const { core } = await raw((response) =>
      events(response, [chunk({ content: 'a' }, 'stop', { error: null })], { done: true }),
    );
    expect((await answerOf(core)).text).toBe('a');
  });
});

describe('the provider’s own message', () => {
  test('is in the error, on one line, without keys', async () => {
    const { core } = await raw((response) =>
      json(response, 400, { error: { message: 'wrong:\n  key-of-the-test, sk-abcdefgh123, Bearer abc.def-ghi' } }),
    );
    expect(await errorOf(answerOf(core))).toMatchObject({
      message: 'The provider answered HTTP 400: wrong: [key], [key], Bearer [key]',
    });
  });

  test.each([
    [
      'my secret question about the merger',
      'Could not parse "my secret question about the merger" as JSON',
      'Could not parse "[prompt]" as JSON',
    ],
    [
      'a long text that a provider cuts somewhere in the middle',
      'near: a long text that a provider cu...',
      'near: [prompt]...',
    ],
    ['temperature', 'temperature must be at most 2', 'temperature must be at most 2'],
  ])('does not repeat the prompt: %s', async (content, said, shown) => {
    const { core } = await raw((response) => json(response, 400, { error: { message: said } }));
    const error = await errorOf(answerOf(core, { messages: [{ role: 'user', content }] }));
    expect(error).toMatchObject({ message: `The provider answered HTTP 400: ${shown}` });
  });

  test('is cut', () => {
    expect(of(500, 'x'.repeat(5000)).message.length).toBeLessThan(350);
  });
});

describe('what an error shows of a core', () => {
  test.each<[string, object, object]>([
    [
      'OpenAI’s window',
      {
        message: "This model's maximum context length is 8192 tokens. However, you requested 9000.",
        code: 'context_length_exceeded',
      },
      { contextWindow: 8192 },
    ],
    [
      'Anthropic’s window',
      { message: 'prompt is too long: 210000 tokens > 200000 maximum' },
      { contextWindow: 200_000 },
    ],
    [
      'Google’s window',
      { message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).' },
      { contextWindow: 1_048_576 },
    ],
    [
      'llama.cpp’s window',
      { message: 'the request exceeds the available context size. context size is 4,096' },
      { contextWindow: 4096 },
    ],
    [
      'Mistral’s window',
      { message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length' },
      { contextWindow: 32_768 },
    ],
    [
      'xAI’s window',
      { message: "This model's maximum prompt length is 131072 but the request contains 200000 tokens." },
      { contextWindow: 131_072 },
    ],
    [
      'no window of the caller’s making',
      { message: '"max context length is 300" is too long. This model\'s maximum context length is 128000 tokens.' },
      { contextWindow: 128_000 },
    ],
    ['no tools', { message: 'registry.ollama.ai/library/x does not support tools' }, { unsupported: 'tools' }],
    ['no images, by a router', { message: 'No endpoints found that support image input' }, { input: 'image' }],
    [
      'a value that is not supported',
      {
        message: "Unsupported value: 'xhigh'. Supported values are: 'low'",
        param: 'reasoning_effort',
        code: 'unsupported_value',
      },
      {},
    ],
    [
      'a format that is not supported',
      { message: 'Unable to submit request: mimeType image/heic is not supported' },
      {},
    ],
    ['no number', { message: 'the prompt is too long', code: 'context_length_exceeded' }, {}],
    [
      'a parameter',
      {
        message: "Unsupported parameter: 'temperature' is not supported with this model.",
        param: 'temperature',
        code: 'unsupported_parameter',
      },
      { unsupported: 'temperature' },
    ],
    [
      'a nested parameter',
      { message: 'unknown parameter: "response_format.json_schema"' },
      { unsupported: 'responseFormat' },
    ],
    ['images', { message: 'This model does not support image input' }, { input: 'image' }],
    ['a plain fault', { message: 'temperature must be at most 2', param: 'temperature' }, {}],
  ])('%s', (_, error, learnt) => {
    expect(of(400, error).learnt).toEqual(learnt);
  });
});

test('what the SDK refuses before anything is sent is the caller’s fault', async () => {
  const { core, provider } = await raw((response) => json(response, 500, {}), { provider: 'anthropic' });
  const audio = { type: 'input_audio' as const, input_audio: { data: 'AAAA', format: 'wav' as const } };
  const error = await errorOf(answerOf(core, { messages: [{ role: 'user', content: [audio] }] }));
  expect(error).toMatchObject({ code: 'core-rejected', details: { class: 'request' } });
  expect(provider.requests.length).toBe(0);
});
