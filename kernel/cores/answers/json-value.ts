import { isObject } from '../../json.js';

/** What may go into a made-up JSON value. */
export interface Content {
  /** The bare answer, where there is one. */
  readonly answer: string | undefined;
  /** A sentence for every other text. */
  readonly sentence: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** Members that hold an answer, by their name. */
const ANSWERS = /answer|result|value|total|solution|verdict|correct|right|output|expression|number/i;
/** Deepest nesting of a value, and most steps to write it: a schema may refer to itself. */
const MAX_DEPTH = 12;
const MAX_STEPS = 10_000;

/** A value that fits a JSON Schema; the answer goes where its name says so, else to the first member that can hold it. */
export function valueFor(schema: Schema, content: Content): unknown {
  const named = new Writer(schema, content, (name) => ANSWERS.test(name));
  const value = named.write(schema, '', 0);
  if (named.hasAnswer || content.answer === undefined) return value;
  return new Writer(schema, content, () => true).write(schema, '', 0);
}

class Writer {
  readonly #root: Schema;
  readonly #content: Content;
  readonly #takesAnswer: (name: string) => boolean;
  hasAnswer = false;
  #steps = 0;

  constructor(root: Schema, content: Content, takesAnswer: (name: string) => boolean) {
    this.#root = root;
    this.#content = content;
    this.#takesAnswer = takesAnswer;
  }

  write(given: unknown, name: string, depth: number): unknown {
    if (depth > MAX_DEPTH || this.#steps++ > MAX_STEPS) return null;
    const schema = this.#resolved(given, 0);
    if ('const' in schema) return schema['const'];
    const type = typeOf(schema);
    const choices = schema['enum'];
    if (Array.isArray(choices)) return this.#chosen(choices, name);
    switch (type) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, name, depth);
      case 'integer':
      case 'number':
        return this.#number(schema, type, name);
      case 'boolean':
        return this.#boolean(name);
      case 'null':
        return null;
      default:
        return this.#string(schema, name);
    }
  }

  /** References followed, alternatives chosen: the first one that is not null; parts that all hold put together. */
  #resolved(given: unknown, depth: number): Schema {
    const { $ref, anyOf, oneOf, allOf, ...rest }: Schema = isObject(given) ? given : {};
    if (depth > MAX_DEPTH || this.#steps++ > MAX_STEPS) return rest;
    const next = (schema: Schema) => this.#resolved(schema, depth + 1);
    if (typeof $ref === 'string') return next({ ...this.#referred($ref), ...rest });
    const choices = [anyOf, oneOf].find(Array.isArray)?.filter(isObject);
    if (choices !== undefined) {
      return next({ ...rest, ...(choices.find((choice) => choice['type'] !== 'null') ?? choices[0]) });
    }
    return Array.isArray(allOf) ? merged(rest, allOf.slice(0, MAX_DEPTH).filter(isObject).map(next)) : rest;
  }

  #referred(reference: string): Schema {
    const path = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
    let at: unknown = this.#root;
    for (const step of path) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    }
    return isObject(at) ? at : {};
  }

  #object(schema: Schema, depth: number): object {
    const { properties, required } = schema;
    if (!isObject(properties)) return depth === 0 ? { answer: this.#anything('answer') } : {};
    const needed = Array.isArray(required) ? required : [];
    // Of a schema that refers to itself only what must be there, beyond the first levels.
    const names = Object.keys(properties).filter((name) => depth < 3 || needed.includes(name));
    return Object.fromEntries(names.map((name) => [name, this.write(properties[name], name, depth + 1)]));
  }

  #array(schema: Schema, name: string, depth: number): unknown[] {
    const { items, prefixItems, minItems, maxItems } = schema;
    const first = Array.isArray(prefixItems) ? prefixItems : [];
    const least = typeof minItems === 'number' ? minItems : depth < 3 && maxItems !== 0 ? 1 : 0;
    const count = Math.min(Math.max(first.length, least), 1000);
    return Array.from({ length: count }, (_, i) => this.write(first[i] ?? items, name, depth + 1));
  }

  #number(schema: Schema, type: 'integer' | 'number', name: string): number {
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const step = typeof multipleOf === 'number' ? multipleOf : type === 'integer' ? 1 : undefined;
    const low = typeof exclusiveMinimum === 'number' ? exclusiveMinimum + (step ?? 1e-3) : Number(minimum);
    const high = typeof exclusiveMaximum === 'number' ? exclusiveMaximum - (step ?? 1e-3) : Number(maximum);
    const wanted = this.#answerAs(name, (answer) => {
      const number = Number(answer);
      return answer.trim() === '' || !Number.isFinite(number) ? undefined : number;
    });
    const clipped = Math.min(high, Math.max(low, wanted ?? 0));
    return step === undefined ? clipped : Math.min(Math.ceil(clipped / step), Math.floor(high / step)) * step;
  }

  #boolean(name: string): boolean {
    return this.#answerAs(name, (answer) => ({ yes: true, no: false })[answer]) ?? false;
  }

  #string(schema: Schema, name: string): string {
    const { format, minLength = 0, maxLength = Infinity } = schema;
    const made = typeof format === 'string' ? FORMATS[format] : undefined;
    if (made !== undefined) return made;
    const text = this.#answerAs(name, (answer) => answer) ?? this.#content.sentence;
    return text.slice(0, Number(maxLength)).padEnd(Math.min(Number(minLength), 10_000), '.');
  }

  #anything(name: string): string | number {
    const text = this.#answerAs(name, (answer) => answer) ?? this.#content.sentence;
    return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  }

  #chosen(choices: readonly unknown[], name: string): unknown {
    return (
      this.#answerAs(name, (answer) =>
        choices.find((choice) => String(choice).toLowerCase() === answer.toLowerCase()),
      ) ?? choices[0]
    );
  }

  /** The answer for a member of this name, if it can hold it. */
  #answerAs<T>(name: string, read: (answer: string) => T | undefined): T | undefined {
    const { answer } = this.#content;
    if (answer === undefined || !this.#takesAnswer(name)) return undefined;
    const value = read(answer);
    if (value !== undefined) this.hasAnswer = true;
    return value;
  }
}

function typeOf({ type, properties, items, prefixItems }: Schema): unknown {
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null';
  if (type !== undefined) return type;
  if (properties !== undefined) return 'object';
  return items !== undefined || prefixItems !== undefined ? 'array' : 'string';
}

/** Schemas that all hold. */
function merged(first: Schema, others: readonly Schema[]): Schema {
  const all = [first, ...others];
  const properties = all.map((one) => one['properties']).filter(isObject);
  const required = all.flatMap((one) => one['required'] ?? []);
  return Object.assign(
    {},
    ...all,
    properties.length === 0 ? {} : { properties: Object.assign({}, ...properties), required },
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'simulated@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};
