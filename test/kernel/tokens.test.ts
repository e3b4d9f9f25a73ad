import { expect, test } from 'vitest';
import { inputTokensOf, textTokens } from '../../kernel/tokens.js';

test('counts the tokens of o200k_base', () => {
  expect(textTokens('hello world')).toBe(2);
  expect(textTokens('')).toBe(0);
});

test('takes text that looks like a special token for plain text', () => {
  expect(textTokens('<|endoftext|>')).toBeGreaterThan(1);
});

test('estimates long texts within some percent', () => {
  const word = 'word ';
  expect(textTokens(word.repeat(100_000)) / textTokens(word.repeat(1000))).toBeCloseTo(100, -1);
});

test('counts every message, its tool calls, and the tools', () => {
  const user = { role: 'user' as const, content: 'hello world' };
  const alone = inputTokensOf({ messages: [user] });
  expect(alone).toBe(6);
  expect(inputTokensOf({ messages: [user, user] })).toBe(13);
  const call = { id: 'c', type: 'function' as const, function: { name: 'f', arguments: '{"a":1}' } };
  expect(inputTokensOf({ messages: [{ role: 'assistant', tool_calls: [call] }] })).toBeGreaterThan(10);
  const tool = { type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } };
  expect(inputTokensOf({ messages: [user], tools: [tool] })).toBeGreaterThan(alone);
});

test('a text that was counted before has the count it had', () => {
  const words = Array.from({ length: 200 }, (_, i) => `word${i} `).join('');
  const once = textTokens(words);
  expect(textTokens(`${words}more of them`)).toBeGreaterThan(once);
  expect(textTokens(words)).toBe(once);
});
