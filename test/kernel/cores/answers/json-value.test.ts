import { type Schema, Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import { valueFor } from '../../../../kernel/cores/answers/json-value.js';

const content = { answer: '391', sentence: 'I say so.' };

const SELF: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['name', 'children'],
  additionalProperties: false,
};

test.each([
  [{ type: 'object', properties: { answer: { type: 'number' } } }, { answer: 391 }],
  [{ type: 'object', properties: { size: { type: 'integer' } } }, { size: 391 }],
  [
    { type: 'object', properties: { city: { type: 'string' }, total: { type: ['null', 'integer'] } } },
    { city: 'I say so.', total: 391 },
  ],
  [{ type: 'object', properties: { answer: { type: 'integer', maximum: 100, multipleOf: 7 } } }, { answer: 98 }],
  [{ type: 'object', properties: { n: { type: 'number', exclusiveMinimum: 400 } } }, { n: 400.001 }],
  [
    { type: 'object', properties: { result: { enum: ['390', '391'] }, x: { const: 5 } } },
    { result: '391', x: 5 },
  ],
  [{ type: 'array', items: { type: 'string' }, minItems: 2 }, ['391', '391']],
  [{ prefixItems: [{ type: 'boolean' }, { type: 'null' }] }, [false, null]],
  [{ anyOf: [{ type: 'null' }, { type: 'string', maxLength: 2 }] }, '39'],
  [
    {
      allOf: [{ $ref: '#/$defs/a' }, { properties: { b: { type: 'boolean' } }, required: ['b'] }],
      $defs: { a: { type: 'object', properties: { a: { type: 'string', minLength: 12 } }, required: ['a'] } },
    },
    { a: '391.........', b: false },
  ],
  [
    { type: 'object', properties: { day: { type: 'string', format: 'date' }, answer: { type: 'string' } } },
    { day: '2026-01-01', answer: '391' },
  ],
  [{ type: 'object' }, { answer: 391 }],
])('%j', (schema, value) => {
  expect(valueFor(schema, content)).toEqual(value);
  expect(new Validator(schema as object, '2020-12').validate(value).valid).toBe(true);
});

test('a schema that refers to itself ends', () => {
  const value = valueFor(SELF, content);
  expect(new Validator(SELF, '2020-12').validate(value).valid).toBe(true);
});

test('a schema without an end is given up, in little time', () => {
  const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const properties = Object.fromEntries(names.map((name) => [name, { $ref: '#' }]));
  for (const schema of [
    { type: 'object', properties, required: names },
    { $ref: '#' },
    { allOf: Array.from({ length: 20 }, () => ({ $ref: '#' })) },
    { anyOf: [{ $ref: '#' }] },
  ]) {
    const start = process.cpuUsage();
    valueFor(schema, content);
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  }
});
