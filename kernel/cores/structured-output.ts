import { Validator } from '@cfworker/json-schema';
import { brokenBound } from '../../syscalls/json-scan.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import { CoreError } from './core.js';

/** Most lists and objects inside one another: code that walks a deeper value would overflow the stack. */
const DEPTH = { maxMessageDepth: 64, maxMessageValues: Infinity } as const;
/** Commas of an answer that a schema is checked on: more would hold up everybody. */
const CHECKED = { maxMessageDepth: Infinity, maxMessageValues: 10_000 } as const;

/**
 * Checks the text of a finished answer against the format that was asked for. Of a schema with `pattern` or
 * `patternProperties` only that it is JSON is checked: the rules would run the caller's regular expressions on the model's
 * text, and could hold up everybody. The same holds for an answer of more than 10,000 values.
 *
 * @throws CoreError `invalid-output` for a text that breaks it
 */
export function checkOutput(text: string, format: ChatParams['responseFormat']): void {
  if (format === undefined || format.type === 'text') return;
  const value = decode(text);
  if (format.type === 'json_object') {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
    throw broken('is not a JSON object');
  }
  const { schema } = format.json_schema;
  if (hasPattern(schema) || brokenBound(text, CHECKED) !== undefined) return;
  const { valid, errors } = validate(schema, value);
  if (valid) return;
  const [first] = errors.toReversed();
  throw broken(`breaks its schema: ${first?.instanceLocation ?? '#'} ${first?.error ?? ''}`.slice(0, 300));
}

function validate(schema: ConstructorParameters<typeof Validator>[0], value: unknown) {
  try {
    return new Validator(schema, '2020-12', true).validate(value);
  } catch {
    // A schema that cannot be read, with a reference to nowhere say: the provider took it, so it is not for us to refuse.
    return { valid: true, errors: [] };
  }
}

function decode(text: string): unknown {
  if (brokenBound(text, DEPTH) !== undefined) throw broken(`nests more than ${DEPTH.maxMessageDepth} levels`);
  try {
    return JSON.parse(text);
  } catch {
    throw broken('is not valid JSON');
  }
}

function hasPattern(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  return Object.entries(schema).some(
    ([key, value]) =>
      key === 'patternProperties' || (key === 'pattern' && typeof value === 'string') || hasPattern(value),
  );
}

function broken(how: string): CoreError {
  return new CoreError('invalid-output', `The answer ${how}`, { class: 'provider' });
}
