import { Validator } from '@cfworker/json-schema';
import type { ChatParams } from '../../../syscalls/llm-chat.js';
import { CoreError } from '../core.js';

/** Rules that run a regular expression of the caller's on a text of the model's: they could hold up everybody. */
const UNCHECKED = new Set(['pattern', 'patternProperties']);

/** Members of a schema that hold values, not schemas. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/**
 * Checks the text of a finished answer against the format that was asked for. `pattern` and `patternProperties` are not
 * checked.
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
  const schema = withoutPatterns(format.json_schema.schema) as ConstructorParameters<typeof Validator>[0];
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
  try {
    return JSON.parse(text);
  } catch {
    throw broken('is not valid JSON');
  }
}

function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => !(UNCHECKED.has(key) && isRule(key, value)));
  return Object.fromEntries(kept.map(([key, value]) => [key, DATA.has(key) ? value : withoutPatterns(value)]));
}

/** A property may have the name of a rule. */
function isRule(key: string, value: unknown): boolean {
  return key === 'pattern' ? typeof value === 'string' : typeof value === 'object';
}

function broken(how: string): CoreError {
  return new CoreError('invalid-output', `The answer ${how}`, { class: 'provider' });
}
