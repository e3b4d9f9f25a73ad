import { expect, test } from 'vitest';
import { chatParams } from '../../syscalls/llm-chat.js';
import { describeIssue } from '../../syscalls/protocol.js';

const messages = [{ role: 'user', content: 'x' }];
const partly = (part: object) => ({ messages: [{ role: 'user', content: [part] }] });

test.each<[object, string]>([
  [
    partly({ type: 'image_url', image_url: { url: 'file:///x' } }),
    'params.messages.0.content.0.image_url.url: Expected http(s)://... or data:image/...;base64,..., got "file:///x"',
  ],
  [
    partly({ type: 'file', file: {} }),
    'params.messages.0.content.0.file: Expected exactly one of file_data and file_id, got an object',
  ],
  [{ messages: [{ role: 'user', content: 5 }] }, 'params.messages.0.content: Expected string or array, got 5'],
  [{ messages, toolChoice: 'any' }, 'params.toolChoice: Expected one of "auto"|"none"|"required" or object, got "any"'],
  [{ messages, stop: [1] }, 'params.stop.0: Invalid input: expected string, got 1'],
  [{ messages, max_tokens: 5 }, 'params: Unrecognized key: "max_tokens"'],
  [{ messages, toolChoice: 'required' }, 'params.toolChoice: Expected `tools` beside it, got "required"'],
])('%j is refused with field, rule and value', (params, line) => {
  const { error } = chatParams.safeParse(params);
  expect(error === undefined ? undefined : describeIssue(error, params, 'params')).toBe(line);
});
