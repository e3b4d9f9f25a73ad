import { describe, expect, test } from 'vitest';
import { checkOutput } from '../../../kernel/cores/structured-output.js';

const ofSchema = (schema: Record<string, unknown>) => ({
  type: 'json_schema' as const,
  json_schema: { name: 's', schema },
});
const check = (text: string, format: Parameters<typeof checkOutput>[1]) => () => checkOutput(text, format);

describe('an answer in a format', () => {
  test.each<[string, Parameters<typeof checkOutput>[1]]>([
    ['anything', undefined],
    ['anything', { type: 'text' }],
    [' {"a":1}\n', { type: 'json_object' }],
    ['{"n":1}', ofSchema({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] })],
    ['[1,2]', ofSchema({ type: 'array', items: { type: 'number' } })],
    [
      '{"a":{"b":"x"}}',
      ofSchema({
        $defs: { b: { type: 'string' } },
        type: 'object',
        properties: { a: { properties: { b: { $ref: '#/$defs/b' } } } },
      }),
    ],
    // Not checked: it would run the caller's expression on the model's text.
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"', ofSchema({ type: 'string', pattern: '^(a+)+$' })],
    [
      '{"pattern":"x"}',
      ofSchema({ type: 'object', properties: { pattern: { type: 'string' } }, required: ['pattern'] }),
    ],
    ['"x"', ofSchema({ $ref: '#/nowhere' })],
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"', ofSchema({ properties: { default: { pattern: '^(a+)+$' } } })],
    ['{"S_1":"a"}', ofSchema({ patternProperties: { '^S_': {} }, additionalProperties: false })],
    ['"abc"', ofSchema({ not: { pattern: '^x' } })],
  ])('%s is right', (text, format) => {
    expect(check(text, format)).not.toThrow();
  });

  test.each<[string, Parameters<typeof checkOutput>[1], RegExp]>([
    ['prose', { type: 'json_object' }, /is not valid JSON/],
    ['```json\n{}\n```', { type: 'json_object' }, /is not valid JSON/],
    ['[1]', { type: 'json_object' }, /not a JSON object/],
    ['null', { type: 'json_object' }, /not a JSON object/],
    ['', ofSchema({}), /is not valid JSON/],
    ['{"n":"1"}', ofSchema({ type: 'object', properties: { n: { type: 'integer' } } }), /breaks its schema: #\/n/],
    ['{}', ofSchema({ type: 'object', required: ['n'] }), /breaks its schema/],
    ['{"pattern":1}', ofSchema({ type: 'object', properties: { pattern: { type: 'string' } } }), /breaks its schema/],
    ['{"a":1}', ofSchema({ type: 'object', additionalProperties: false }), /breaks its schema/],
  ])('%s is not', (text, format, message) => {
    expect(check(text, format)).toThrow(message);
    expect(check(text, format)).toThrow(expect.objectContaining({ code: 'invalid-output', retryable: true }));
  });
});
